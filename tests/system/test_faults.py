"""Whatever fails: the service is as it was or as approved, people are told, and nothing is left locked or open.

Here each state of the chain, and each kind of fault, at least once; all of them together: `make faults`.
"""

import datetime
import json
from collections.abc import Iterator

import pytest

from sandbox.cloud import Sandbox
from sandbox.faults import OF_CALLS, OF_INVOCATIONS, Fault, Kind
from sandbox.watch import executions
from sandbox.world import World
from tests.system.fault_matrix import calls, crash, down, invocation, states
from tests.system.faults import FIX, Left, Trial, by_hand_only, play
from tests.system.run import MACHINE, SERVICE

CALLS = sorted(OF_CALLS - {Kind.HANGS}, key=lambda kind: kind.value)
INVOCATIONS = sorted(OF_INVOCATIONS, key=lambda kind: kind.value)
TIMES = (None, 1)
HOUR = 3600.0
FIXING = f"Fix {FIX}"

EACH = [invocation(state, INVOCATIONS[n % len(INVOCATIONS)], TIMES[n % 2]) for n, state in enumerate(states())]
CALLED = [calls(FIXING, kind, None) for kind in CALLS]
DOWN = [down("dynamodb", "Ask for approval"), down("dynamodb", FIXING), down("sns", "Conclude"), down("sns", "Close")]
CLOCKS = [
    Trial(name, f"clock {hours:+} h", (), "repair", {name: hours * HOUR})
    for name in ("*-fix-*", "*-target-lock")
    for hours in (1, -1)
]


@pytest.fixture(scope="module", autouse=True)
def alone(sandbox: Sandbox) -> Iterator[None]:
    """No event starts a runbook of its own."""
    with by_hand_only(sandbox):
        yield


def _name(trial: Trial) -> str:
    return f"{trial.where}: {trial.what}"


def _played(sandbox: Sandbox, trial: Trial) -> Left:
    left = play(sandbox, trial)
    assert left.behind == [], left
    return left


@pytest.mark.parametrize("trial", EACH, ids=_name)
def test_a_spoilt_invocation_leaves_nothing_behind(sandbox: Sandbox, trial: Trial) -> None:
    assert _played(sandbox, trial).struck


@pytest.mark.parametrize("trial", CALLED, ids=_name)
def test_a_fix_without_its_apis_leaves_nothing_behind(sandbox: Sandbox, trial: Trial) -> None:
    assert _played(sandbox, trial).struck


@pytest.mark.parametrize("number", range(8))
def test_a_fix_that_ends_between_two_calls_is_taken_up(sandbox: Sandbox, number: int) -> None:
    left = _played(sandbox, crash(FIXING, number))
    assert (left.outcome, bool(left.struck)) == ("recovered", True)


@pytest.mark.parametrize("trial", DOWN, ids=_name)
def test_a_service_that_is_down_leaves_nothing_behind(sandbox: Sandbox, trial: Trial) -> None:
    assert _played(sandbox, trial).struck


@pytest.mark.parametrize("trial", CLOCKS, ids=_name)
def test_a_clock_that_jumps_changes_nothing_unasked(sandbox: Sandbox, trial: Trial) -> None:
    _played(sandbox, trial)


def test_a_call_that_hangs_is_given_up(sandbox: Sandbox) -> None:
    hanging = Fault(Kind.HANGS, state="Check health", call="*", times=None)
    assert _played(sandbox, Trial("Check health", "calls hang", (hanging,))).outcome == "recovered"


@pytest.mark.parametrize("order", [("OK", "ALARM"), ("ALARM", "OK")], ids="-".join)
def test_late_events_start_nothing_in_any_order(sandbox: Sandbox, world: World, order: tuple[str, str]) -> None:
    assert world.healthy()
    before, alarm = executions(sandbox, MACHINE), min(SERVICE.alarms)
    for minute, state in enumerate(order):
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minute)
        detail = {"alarmName": alarm, "state": {"value": state}}
        event = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": at.isoformat()}
        told = json.dumps({**event, "resources": [], "detail": detail})
        answer = sandbox.client("lambda").invoke(FunctionName=f"{SERVICE.name}-dispatch", Payload=told)
        assert json.loads(answer["Payload"].read())["started"] is None
    assert executions(sandbox, MACHINE) == before
