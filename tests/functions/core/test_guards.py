import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.core import limits
from functions.core.approval import FRESH_SECONDS, SKEW_SECONDS, NotAllowed
from functions.core.guards import LONGEST_CHANGE
from functions.core.stops import EVERYTHING
from infra.functions import SIZES
from statemachines import compiled
from tests.functions.core.conftest import Record
from tests.functions.core.recorded import BEFORE, CORRECT, FIX, OPEN, OTHER_FIX, UNDO, Recorded
from tests.functions.core.test_stops import Failing, failing
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, RUNBOOK, World, findings

__all__ = ["failing"]
MINE = "/runbooks/ganopa-bot/switch"
TARGET = "target#ganopa-bot"
NOT_LOCKED = "it does not hold the lock {} of ganopa-bot"


def refused(world: World, fix: Recorded, event: dict[str, Any], why: str) -> None:
    """Ask for what is not allowed: it is refused in words, noted in the timeline, and changes nothing."""
    before = [item for item in world.items if not item["item"]["S"].startswith("event#")]
    now, reverted = fix.now, len(fix.reverted)
    with pytest.raises(NotAllowed, match=f"^incident {event['incident']}: {re.escape(why)}") as said:
        fix(event)
    assert (fix.now, len(fix.reverted)) == (now, reverted)
    assert [item for item in world.items if not item["item"]["S"].startswith("event#")] == before
    assert world.timeline[-1] == f"{fix.fix.name} refused: {said.value}"


def now(seconds: float) -> str:
    """Write the time in some seconds."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def decided(world: World, at: str) -> None:
    """Let the approval be of another time."""
    (only,) = world.question()["decisions"]
    world.change(decisions=[only | {"at": at}])


# Stops


@pytest.mark.parametrize("switch", [EVERYTHING, MINE])
@pytest.mark.parametrize("event", [OPEN, UNDO])
def test_a_pulled_switch_stops_fix_and_undo(approved: World, fix: Recorded, switch: str, event: dict[str, Any]) -> None:
    if event == UNDO:
        fix(OPEN)
    approved.switch("a migration runs", switch)
    refused(approved, fix, event, "Stopped by ")
    assert approved.timeline[-1].endswith(": a migration runs")


@pytest.mark.parametrize("switch", [EVERYTHING, MINE])
def test_a_missing_switch_stops(approved: World, fix: Recorded, switch: str) -> None:
    approved.switch(None, switch)
    refused(approved, fix, OPEN, f"The kill switch {switch} is missing, so nothing is changed.")


@pytest.mark.parametrize("event", [OPEN, UNDO])
def test_switches_that_cannot_be_read_stop(
    approved: World,
    fix: Recorded,
    failing: Failing,
    event: dict[str, Any],
) -> None:
    if event == UNDO:
        fix(OPEN)
    failing("get_parameters", "AccessDeniedException")
    refused(approved, fix, event, "The kill switches cannot be read, so nothing is changed: ")


def frozen() -> dict[str, Any]:
    """Write a service file's freeze that holds now."""
    return {"freezes": [{"start": now(-60), "end": now(60), "reason": "a launch"}]}


def test_a_freeze_stops_a_fix(approved: World, fix: Recorded, rules: Rules) -> None:
    rules(also=frozen())
    refused(approved, fix, OPEN, "Change freeze until ")
    assert approved.timeline[-1].endswith(": a launch")


# The lock


def test_without_the_lock_nothing_is_changed(approved: World, fix: Recorded) -> None:
    approved.lock("release")
    refused(approved, fix, OPEN, NOT_LOCKED.format(1))


def test_where_no_lock_was_ever_taken_nothing_is_changed(approved: World, fix: Recorded) -> None:
    approved.incidents.delete(TARGET, "lock", token=1)
    refused(approved, fix, OPEN, NOT_LOCKED.format(1))
    refused(approved, fix, OPEN | {"lock": 0}, NOT_LOCKED.format(0))


def test_under_anothers_lock_nothing_is_changed(approved: World, fix: Recorded) -> None:
    approved.lock("release")
    approved.lock(incident="other")
    for lock in (1, 2):
        refused(approved, fix, OPEN | {"lock": lock}, NOT_LOCKED.format(lock))


@pytest.mark.parametrize("lock", [0, 1, 3, -1])
def test_another_number_than_the_latest_changes_nothing(approved: World, fix: Recorded, lock: int) -> None:
    approved.lock("release")
    assert approved.lock() == 2
    refused(approved, fix, OPEN | {"lock": lock}, NOT_LOCKED.format(lock))
    assert fix(OPEN | {"lock": 2})["after"] == fix.now


@pytest.mark.parametrize(("seconds", "enough"), [(LONGEST_CHANGE + 2, True), (LONGEST_CHANGE - 1, False), (-1, False)])
def test_a_lock_that_could_end_before_the_change_does_is_not_enough(
    approved: World,
    fix: Recorded,
    seconds: int,
    enough: bool,  # noqa: FBT001
) -> None:
    approved.incidents.update(TARGET, "lock", {"until": int(time.time()) + seconds})
    if enough:
        assert fix(OPEN)["before"] == BEFORE
    else:
        refused(approved, fix, OPEN, NOT_LOCKED.format(1))


def test_a_fix_is_over_before_its_lock_may_be() -> None:
    assert SIZES["fix"][1] < LONGEST_CHANGE


def test_an_undo_needs_the_lock_too(approved: World, fix: Recorded) -> None:
    fix(OPEN)
    approved.lock("release")
    refused(approved, fix, UNDO, NOT_LOCKED.format(1))


# The approval


def test_without_an_approval_nothing_is_changed(world: World, fix: Recorded) -> None:
    world.ask()
    world.lock()
    refused(world, fix, OPEN, "the plan is pending, not approved")


def test_another_round_needs_its_own_approval(approved: World, fix: Recorded) -> None:
    refused(approved, fix, OPEN | {"round": 2}, "question 2 was never asked")


def test_another_plan_than_the_approved_one_changes_nothing(approved: World, fix: Recorded) -> None:
    approved.change(plan=approved.question()["plan"].replace("8000", "22"))
    refused(approved, fix, OPEN, "the stored plan is not the one that was approved")


def test_a_stolen_digest_changes_nothing(approved: World, fix: Recorded) -> None:
    """Another plan, with its own digest put beside it: people have approved another one."""
    approved.conclude(findings("probe.mismatch", *CLOSED_PORT, "service.desired-zero"), 1)
    approved.change(plan=approved.plan.model_dump_json(), digest=approved.plan.digest)
    refused(approved, fix, OPEN | {"step": 1}, "fewer people approved the plan than the policy asks for")


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS - 5, SKEW_SECONDS + 5])
def test_an_approval_of_long_ago_or_of_the_future_changes_nothing(approved: World, fix: Recorded, seconds: int) -> None:
    at = now(seconds)
    decided(approved, at)
    refused(approved, fix, OPEN, f"the approval of {at} is not of the last hour; start again")


@pytest.mark.parametrize("seconds", [-FRESH_SECONDS + 30, SKEW_SECONDS - 5])
def test_clocks_may_differ_a_little(approved: World, fix: Recorded, seconds: int) -> None:
    decided(approved, now(seconds))
    assert fix(OPEN)["before"] == BEFORE


def test_after_the_incident_nothing_is_changed(approved: World, fix: Recorded) -> None:
    approved.incidents.update(INCIDENT, "record", {"state": "closed"})
    refused(approved, fix, OPEN, "it is not open, so nothing may be changed for it; start the runbook again")


@pytest.mark.parametrize("event", [CORRECT, OPEN | {"step": 2}, OPEN | {"step": -2}])
def test_a_fix_refuses_a_step_that_is_not_its_own(approved: World, fix: Recorded, event: dict[str, Any]) -> None:
    refused(approved, fix, event, f"step {event['step']} of the approved plan is not {FIX}")


def test_another_fix_cannot_undo_what_this_one_did(approved: World, fix: Recorded, record: Record) -> None:
    fix(OPEN)
    refused(approved, record(OTHER_FIX), UNDO, f"step 0 of the approved plan is not {OTHER_FIX}")


# Limits


def test_beyond_the_limits_nothing_is_changed(approved: World, fix: Recorded, rules: Rules) -> None:
    rules(also={"limits": {FIX: {"bounds": {"port": {"most": 1023}}}}})
    refused(approved, fix, OPEN, f"{FIX}: port is 8000, at most 1023.0")


def test_a_limit_of_another_step_stops_the_whole_plan(approved: World, fix: Recorded, rules: Rules) -> None:
    """A plan is approved whole and carried out whole, or not at all."""
    rules(also={"limits": {OTHER_FIX: {"forbidden": [{"start": "00:00", "end": "00:00"}]}}})
    refused(approved, fix, OPEN, f"{OTHER_FIX} may not run from 00:00 to 00:00 (UTC)")


def flap(world: World) -> None:
    """Let other incidents have repaired the service as often as it may be."""
    service = compiled.read(RUNBOOK).service
    for number in range(service.flapping.repairs):
        limits.repairing(world.incidents, service, f"other-{number}")


def test_what_was_repaired_too_often_lately_is_not_repaired(approved: World, fix: Recorded) -> None:
    flap(approved)
    refused(approved, fix, OPEN, "ganopa-bot has been repaired 3 times within 24 hours and fails again")


def test_an_operation_is_no_repair_too_many(approved: World, fix: Recorded, rules: Rules) -> None:
    flap(approved)
    rules(runbook={"operation": True})
    assert fix(OPEN)["after"]


def test_the_second_step_of_a_repair_is_no_other_repair(approved: World, fix: Recorded, record: Record) -> None:
    for number in range(compiled.read(RUNBOOK).service.flapping.repairs - 1):
        limits.repairing(approved.incidents, compiled.read(RUNBOOK).service, f"other-{number}")
    fix(OPEN)
    assert record(OTHER_FIX)(CORRECT)["before"] == BEFORE


def test_an_undo_passes_freeze_limits_age_and_flapping(approved: World, fix: Recorded, rules: Rules) -> None:
    fix(OPEN)
    rules(also=frozen() | {"limits": {FIX: {"bounds": {"port": {"most": 1}}}}})
    flap(approved)
    decided(approved, now(-10 * FRESH_SECONDS))
    assert fix(UNDO) == {"undone": True}
    assert fix.now == BEFORE


# Who calls, and with what


@pytest.mark.parametrize(
    "event",
    [
        OPEN | {"parameters": {"port": 22}},
        OPEN | {"digest": "another"},
        {name: value for name, value in OPEN.items() if name != "lock"},
        {name: value for name, value in OPEN.items() if name != "step"},
        OPEN | {"lock": None},
        OPEN | {"lock": "1"},
        OPEN | {"lock": 1.0},
        OPEN | {"step": False},
        OPEN | {"step": "0"},
        OPEN | {"round": True},
        OPEN | {"undo": "false"},
        OPEN | {"undo": 0},
        OPEN | {"undo": None},
        OPEN | {"attempt": "1"},
        OPEN | {"attempt": None},
        {},
    ],
)
def test_an_event_that_is_not_exactly_what_the_chain_sends_is_refused(
    approved: World, fix: Recorded, event: dict[str, Any]
) -> None:
    before = approved.items
    with pytest.raises(ValidationError):
        fix(event)
    assert (fix.given, fix.now, approved.items) == ([], BEFORE, before)


def test_invoked_by_hand_it_is_refused_and_the_incident_says_so(world: World, fix: Recorded) -> None:
    """Whoever may invoke the function and knows an incident still has no approval, and no lock."""
    world.open()
    refused(world, fix, OPEN, NOT_LOCKED.format(1))
    world.lock()
    refused(world, fix, OPEN, "question 1 was never asked, so nothing may be changed")


def test_for_an_incident_that_nobody_opened_nothing_is_changed_or_noted(approved: World, fix: Recorded) -> None:
    before = approved.items
    with pytest.raises(NotAllowed, match="incident other: it does not hold the lock 1 of ganopa-bot"):
        fix(OPEN | {"incident": "other"})
    assert (fix.given, approved.items) == ([], before)


def test_a_lock_alone_allows_nothing(approved: World, fix: Recorded) -> None:
    approved.lock("release")
    lock = approved.lock(incident="other")
    before = approved.items
    with pytest.raises(NotAllowed, match="incident other: it is not open"):
        fix(OPEN | {"incident": "other", "lock": lock})
    assert (fix.given, approved.items) == ([], before)


def test_an_incident_that_was_redriven_later_is_refused(approved: World, fix: Recorded) -> None:
    """A redrive runs the same states again, hours later: under a new lock, with the old approval."""
    approved.lock("release")
    decided(approved, now(-2 * FRESH_SECONDS))
    refused(approved, fix, OPEN | {"lock": approved.lock()}, "the approval of ")
