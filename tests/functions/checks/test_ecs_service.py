from datetime import UTC, datetime, timedelta

import pytest
from moto.ecs.models import Service

from functions.checks.ecs_service import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import CLUSTER, OF_SERVICE, SERVICE, RunCheck

STUCK = f"(service {SERVICE}) is unable to consistently start tasks successfully."
STEADY = f"(service {SERVICE}) has reached a steady state."


@pytest.fixture
def running(service: Service) -> Service:
    """The service with all its tasks running."""
    service.running_count, service.pending_count = 2, 0
    service.deployments[0]["rolloutState"] = "COMPLETED"
    return service


def look(run_check: RunCheck, target_group: str) -> Finding:
    return run_check(handler, **OF_SERVICE, target_group=target_group)


def event(message: str, minutes_later: int) -> dict[str, object]:
    return {"id": message, "createdAt": datetime.now(UTC) + timedelta(minutes=minutes_later), "message": message}


def test_healthy(run_check: RunCheck, running: Service, target_group: str) -> None:
    finding = look(run_check, target_group)
    assert set(finding.signals.values()) == {False}
    assert finding.facts == {
        "status": "ACTIVE",
        "desired": 2,
        "running": 2,
        "pending": 0,
        "target_groups": [target_group],
        "rollout": "COMPLETED",
        "task_definition": running.task_definition,
    }


@pytest.mark.usefixtures("service")
def test_missing_says_nothing_else(run_check: RunCheck, target_group: str) -> None:
    finding = run_check(handler, cluster=CLUSTER, service="other", target_group=target_group)
    assert finding.signals.pop("missing") is True
    assert set(finding.signals.values()) == {None}
    assert finding.summary == f"ECS knows no service other in cluster {CLUSTER}"


def test_inactive(run_check: RunCheck, operator: Session, running: Service, target_group: str) -> None:
    operator.client("ecs").delete_service(**OF_SERVICE, force=True)
    running.deployments, running.load_balancers, running.desired_count = [], [], 0
    finding = look(run_check, target_group)
    assert finding.signals["inactive"]
    assert finding.signals["desired-zero"] is False
    assert finding.signals["not-attached"] is False
    assert finding.signals["deployment-failed"] is False
    assert finding.facts["status"] == "INACTIVE"


def test_desired_zero(run_check: RunCheck, running: Service, target_group: str) -> None:
    running.desired_count = running.running_count = 0
    signals = look(run_check, target_group).signals
    assert signals["desired-zero"]
    assert signals["below-desired"] is False


@pytest.mark.parametrize("attached", [[], [{"targetGroupArn": "arn:other"}], [{"loadBalancerName": "classic"}]])
def test_not_attached(run_check: RunCheck, running: Service, target_group: str, attached: list[dict[str, str]]) -> None:
    running.load_balancers = attached
    finding = look(run_check, target_group)
    assert finding.signals["not-attached"]
    assert target_group not in finding.facts["target_groups"]


def test_below_desired(run_check: RunCheck, running: Service, target_group: str) -> None:
    running.running_count = 1
    assert look(run_check, target_group).signals["below-desired"]


def test_deployment_failed(run_check: RunCheck, running: Service, target_group: str) -> None:
    running.deployments[0]["rolloutState"] = "FAILED"
    finding = look(run_check, target_group)
    assert finding.signals["deployment-failed"]
    assert finding.facts["rollout"] == "FAILED"


def test_cannot_start_tasks(run_check: RunCheck, running: Service, target_group: str) -> None:
    running.events = [event("deregistered 1 targets", 2), event(STUCK, 1)]
    finding = look(run_check, target_group)
    assert finding.signals["cannot-start-tasks"]
    assert finding.evidence[1].endswith(STUCK)


def test_steady_again_is_stuck_no_more(run_check: RunCheck, running: Service, target_group: str) -> None:
    running.events = [event(STEADY, 2), event(STUCK, 1)]
    assert look(run_check, target_group).signals["cannot-start-tasks"] is False


def test_what_an_earlier_deployment_could_not_start_is_past(
    run_check: RunCheck, running: Service, target_group: str
) -> None:
    running.events = [event(STUCK, -5)]
    assert look(run_check, target_group).signals["cannot-start-tasks"] is False


def test_no_such_cluster_is_unknown(run_check: RunCheck, target_group: str) -> None:
    with pytest.raises(NotFound, match=f"there is no ECS cluster {CLUSTER} in me-central-1: correct its name"):
        look(run_check, target_group)
