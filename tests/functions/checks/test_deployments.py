from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ecs.models import Service

from functions.checks.deployments import handler
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import OF_SERVICE, SERVICE, RunCheck

MOMENT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def primary(service: Service) -> dict[str, Any]:
    """The service's primary deployment, completed."""
    deployment: dict[str, Any] = service.deployments[0]
    deployment.update(
        id="ecs-svc/1",
        rolloutState="COMPLETED",
        rolloutStateReason="ECS deployment ecs-svc/1 completed.",
        updatedAt=MOMENT,
    )
    return deployment


def tell(service: Service, *texts: str) -> None:
    """Let ECS tell of events, the newest first."""
    service.events = [{"id": text, "createdAt": MOMENT, "message": f"(service {SERVICE}) {text}"} for text in texts]


def look(run_check: RunCheck) -> Finding:
    return run_check(handler, **OF_SERVICE)


def test_healthy(run_check: RunCheck, service: Service) -> None:
    tell(service, "has reached a steady state.", "(deployment ecs-svc/1) deployment completed.")
    finding = look(run_check)
    assert finding.signals == {"rolled-back": False, "in-progress": False}
    assert finding.facts == {
        "rollout": "COMPLETED",
        "reason": "ECS deployment ecs-svc/1 completed.",
        "when": "2026-11-21 16:00:00",
        "task_definition": service.task_definition,
    }


def test_in_progress(run_check: RunCheck, primary: dict[str, Any]) -> None:
    primary.update(rolloutState="IN_PROGRESS", rolloutStateReason="ECS deployment ecs-svc/1 in progress.")
    assert look(run_check).signals == {"rolled-back": False, "in-progress": True}


def test_rolling_back(run_check: RunCheck, primary: dict[str, Any]) -> None:
    reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    primary.update(rolloutState="IN_PROGRESS", rolloutStateReason=reason)
    finding = look(run_check)
    assert finding.signals == {"rolled-back": True, "in-progress": True}
    assert finding.facts["reason"] == reason


def test_rolled_back(run_check: RunCheck, service: Service) -> None:
    tell(
        service,
        "has reached a steady state.",
        "(deployment ecs-svc/1) deployment completed.",
        "rolling back to deployment ecs-svc/1.",
        "(deployment ecs-svc/2) deployment failed: tasks failed to start.",
    )
    finding = look(run_check)
    assert finding.signals == {"rolled-back": True, "in-progress": False}
    assert finding.facts["reason"] == f"(service {SERVICE}) rolling back to deployment ecs-svc/1."


def test_what_was_rolled_back_before_a_later_deployment_is_past(run_check: RunCheck, service: Service) -> None:
    tell(service, "rolling back to deployment ecs-svc/0.", "(deployment ecs-svc/2) deployment failed: why.")
    assert look(run_check).signals["rolled-back"] is False


def test_failed_with_nothing_to_go_back_to(run_check: RunCheck, service: Service, primary: dict[str, Any]) -> None:
    primary["rolloutState"] = "FAILED"
    assert look(run_check).signals["rolled-back"]
    primary["rolloutState"] = "COMPLETED"
    tell(service, "(deployment ecs-svc/1) deployment failed: tasks failed to start.")
    assert look(run_check).signals["rolled-back"]


@pytest.mark.parametrize(("events", "minutes", "answer"), [(99, 0, False), (100, 0, None), (100, 1, False)])
def test_what_ecs_pushed_out_of_its_events_since_the_deployment_is_unknown(
    run_check: RunCheck,
    service: Service,
    primary: dict[str, Any],
    events: int,
    minutes: int,
    *,
    answer: bool | None,
) -> None:
    primary["createdAt"] = MOMENT + timedelta(minutes=minutes)
    tell(service, *["has reached a steady state."] * events)
    assert look(run_check).signals["rolled-back"] is answer


def test_no_current_deployment_is_unknown(run_check: RunCheck, service: Service) -> None:
    service.status, service.deployments = "INACTIVE", []
    with pytest.raises(NotFound, match="no current deployment of the INACTIVE ECS service"):
        look(run_check)
