from collections.abc import Callable
from typing import Any

import pytest
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup

from functions.checks.target_health import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import RunCheck

State = tuple[str, str | None, str | None]
Find = Callable[..., Finding]
HEALTHY: State = ("healthy", None, None)
REFUSED: State = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
SLOW: State = ("unhealthy", "Target.Timeout", "Request timed out")
NEW: State = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
LEAVING: State = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
ENDING: State = ("unhealthy.draining", "Target.FailedHealthChecks", "Health checks failed")
LOST: State = ("unavailable", "Elb.InternalError", "Internal error")


@pytest.fixture
def find(run_check: RunCheck, operator: Session, target_group: str, monkeypatch: pytest.MonkeyPatch) -> Find:
    """Call the check where the targets are in these states."""

    def found(*states: State) -> Finding:
        by_id = {f"10.0.{n // 250}.{n % 250}": state for n, state in enumerate(states)}
        targets = [{"Id": target, "Port": 8000} for target in by_id]
        operator.client("elbv2").register_targets(TargetGroupArn=target_group, Targets=targets)  # type: ignore[arg-type]

        def health(_: FakeTargetGroup, target: dict[str, Any], _ec2: object) -> FakeHealthStatus:
            return FakeHealthStatus(target["Id"], "8000", "8000", *by_id[target["Id"]])

        monkeypatch.setattr(FakeTargetGroup, "health_for", health)
        return run_check(handler, target_group=target_group)

    return found


def test_healthy(find: Find) -> None:
    finding = find(HEALTHY, HEALTHY)
    assert not any(finding.signals.values())
    assert None not in finding.signals.values()
    assert finding.facts == {"total": 2, "states": {"healthy": 2}, "reasons": []}
    assert finding.evidence == []


def test_no_targets(find: Find) -> None:
    signals = find().signals
    assert signals["no-targets"]
    assert signals["none-healthy"]
    assert signals["connection-refused"] is False


def test_a_draining_target_is_registered_no_more(find: Find) -> None:
    finding = find(LEAVING)
    assert finding.signals["no-targets"]
    assert finding.facts["total"] == 0


def test_one_unhealthy_among_healthy(find: Find) -> None:
    assert find(HEALTHY, REFUSED).signals == {
        "no-targets": False,
        "unhealthy-targets": True,
        "none-healthy": False,
        "connection-refused": False,
    }


def test_all_refuse_the_connection(find: Find) -> None:
    finding = find(REFUSED, REFUSED)
    assert finding.signals["connection-refused"]
    assert finding.signals["none-healthy"]
    assert finding.facts["reasons"] == ["Target.FailedHealthChecks"]
    assert finding.evidence == ["2 targets: Target.FailedHealthChecks, as 10.0.0.1: Health checks failed"]


def test_a_target_drained_as_unhealthy_counts_as_unhealthy(find: Find) -> None:
    assert find(ENDING).signals["unhealthy-targets"]


def test_a_timeout_is_no_refusal(find: Find) -> None:
    signals = find(REFUSED, SLOW).signals
    assert signals["unhealthy-targets"]
    assert signals["connection-refused"] is False


def test_a_new_target_is_not_healthy_yet(find: Find) -> None:
    signals = find(NEW).signals
    assert signals["none-healthy"]
    assert signals["unhealthy-targets"] is False


def test_unknown_while_the_load_balancer_does_not_know(find: Find) -> None:
    assert find(LOST, REFUSED).signals["none-healthy"] is None


def test_a_thousand_targets_take_no_more_room_than_two(find: Find) -> None:
    two, thousand = find(REFUSED, SLOW), find(*[REFUSED, SLOW] * 500)
    assert thousand.facts["total"] == 1000
    assert len(thousand.model_dump_json()) < len(two.model_dump_json()) + 30


def test_no_such_target_group_is_unknown(run_check: RunCheck, target_group: str) -> None:
    with pytest.raises(NotFound, match=r"no target group .*-gone in me-central-1: correct its name"):
        run_check(handler, target_group=f"{target_group}-gone")
