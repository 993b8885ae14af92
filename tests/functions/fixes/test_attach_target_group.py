import pytest
from moto.ecs.models import Service

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Change
from functions.fixes.attach_target_group import handler
from tests.functions.conftest import CLUSTER, OF_SERVICE, RunFix, RunUndo, describe

OTHER = {"targetGroupArn": "arn:other", "containerName": "ganopa-bot", "containerPort": 9000}


def attach(run_fix: RunFix, target_group: str) -> Change:
    return run_fix(handler, **OF_SERVICE, target_group=target_group, container="ganopa-bot", container_port=8000)


def wanted(target_group: str) -> dict[str, object]:
    return {"targetGroupArn": target_group, "containerName": "ganopa-bot", "containerPort": 8000}


@pytest.mark.usefixtures("service")
def test_nothing_to_do(run_fix: RunFix, operator: Session, target_group: str) -> None:
    change = attach(run_fix, target_group)
    assert not change.changed
    assert describe(operator)["loadBalancers"] == [wanted(target_group)]


@pytest.mark.parametrize("before", [[], [OTHER]])
def test_attach_and_undo(
    run_fix: RunFix, run_undo: RunUndo, operator: Session, service: Service, target_group: str, before: list[object]
) -> None:
    service.load_balancers = list(before)  # type: ignore[arg-type]
    change = attach(run_fix, target_group)
    assert change.before == {"load_balancers": before}
    assert change.after == {"load_balancers": [*before, wanted(target_group)]}
    assert describe(operator)["loadBalancers"] == [*before, wanted(target_group)]
    assert not attach(run_fix, target_group).changed
    run_undo(handler, change.undo)
    assert describe(operator)["loadBalancers"] == before


def test_a_wrong_port_is_replaced(run_fix: RunFix, operator: Session, service: Service, target_group: str) -> None:
    service.load_balancers = [{**wanted(target_group), "containerPort": 9000}]
    assert attach(run_fix, target_group).changed
    assert describe(operator)["loadBalancers"] == [wanted(target_group)]


@pytest.mark.usefixtures("service")
def test_nothing_else_changes(run_fix: RunFix, operator: Session, service: Service, target_group: str) -> None:
    service.load_balancers = []
    before = describe(operator)
    attach(run_fix, target_group)
    after = describe(operator)
    assert {name for name in before if before[name] != after[name]} <= {"loadBalancers", "deployments"}


@pytest.mark.usefixtures("service")
def test_no_such_service(run_fix: RunFix, target_group: str) -> None:
    with pytest.raises(NotFound, match=f"no ECS service in cluster {CLUSTER} named other"):
        run_fix(
            handler,
            cluster=CLUSTER,
            service="other",
            target_group=target_group,
            container="ganopa-bot",
            container_port=8000,
        )
