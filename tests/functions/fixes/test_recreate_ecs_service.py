from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ecs.models import Service

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Change
from functions.fixes.recreate_ecs_service import handler
from tests.functions.conftest import OF_SERVICE, SERVICE, Network, RunFix, describe


@pytest.fixture
def declared(network: Network, target_group: str) -> dict[str, Any]:
    """The service as its file declares it."""
    return OF_SERVICE | {
        "task_definition": "ganopa-bot",
        "desired_count": 2,
        "subnets": [network.subnet],
        "security_group": network.task_group,
        "target_group": target_group,
        "container": "ganopa-bot",
        "container_port": 8000,
    }


@pytest.fixture
def recreate(run_fix: RunFix, declared: dict[str, Any]) -> Any:
    """Run the fix as the file declares it, or otherwise."""

    def run(**other: Any) -> Change:
        return run_fix(handler, **declared | other)

    return run


@pytest.mark.usefixtures("service")
def test_an_active_service_is_left_alone(recreate: Any, operator: Session) -> None:
    before = describe(operator)
    change = recreate()
    assert not change.changed
    assert change.before["status"] == "ACTIVE"
    assert describe(operator) == before


def test_recreate(recreate: Any, operator: Session, service: Service) -> None:
    before = describe(operator)
    operator.client("ecs").delete_service(**OF_SERVICE, force=True)
    service.deployments = []
    change = recreate()
    after = describe(operator)
    assert change.before == {"status": "INACTIVE", "desiredCount": 2, "taskDefinition": before["taskDefinition"]}
    assert change.after == {"status": "ACTIVE", "desiredCount": 2, "taskDefinition": before["taskDefinition"]}
    assert change.undo is None
    for kept in ("status", "desiredCount", "loadBalancers", "launchType", "networkConfiguration", "taskDefinition"):
        assert after[kept] == before[kept], kept
    assert not recreate().changed


def test_what_the_file_does_not_declare_is_as_it_was(
    recreate: Any, operator: Session, service: Service, monkeypatch: pytest.MonkeyPatch, aws: Session
) -> None:
    asked: dict[str, Any] = {}
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    vars(service).update(deployment_configuration=breaker, health_check_grace_period_seconds=60)
    operator.client("ecs").delete_service(**OF_SERVICE, force=True)
    create = aws.client("ecs").create_service

    def listen(**given: Any) -> Any:
        asked.update(given)
        return create(**given)

    monkeypatch.setattr(aws.client("ecs"), "create_service", listen)
    recreate()
    assert asked["deploymentConfiguration"] == breaker
    assert asked["healthCheckGracePeriodSeconds"] == 60
    assert asked["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"


def test_a_service_that_ecs_has_forgotten_is_created_in_private(
    recreate: Any, operator: Session, service: Service
) -> None:
    service._backend.services.clear()  # noqa: SLF001  ECS forgets INACTIVE services after a while
    change = recreate()
    assert change.before["status"] == "MISSING"
    network = describe(operator)["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"


@pytest.mark.usefixtures("service")
def test_a_subnet_that_is_not_there(recreate: Any, operator: Session) -> None:
    operator.client("ecs").delete_service(**OF_SERVICE, force=True)
    with pytest.raises(ClientError, match="subnet-0123456789abcdef0"):
        recreate(subnets=["subnet-0123456789abcdef0"])
    assert describe(operator)["status"] == "INACTIVE"


def test_no_such_cluster(recreate: Any) -> None:
    with pytest.raises(NotFound, match="there is no ECS cluster other in me-central-1"):
        recreate(cluster="other", service=SERVICE)


def test_nothing_is_undone() -> None:
    assert handler.revert is None
