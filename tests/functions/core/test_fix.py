from typing import Any

import pytest

from functions.core.approval import NotAllowed
from functions.core.fix import InProgress, Interfered
from functions.core.incidents import RECORD, Incidents
from functions.core.results import Change, CommandFailed
from tests.functions.core.conftest import Record
from tests.functions.core.recorded import (
    AFTER,
    AGAIN,
    BEFORE,
    CHANGE,
    CORRECT,
    ELSEWISE,
    FIX,
    ITEM,
    OPEN,
    OTHER_FIX,
    UNDO,
    Crash,
    Recorded,
)
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import INCIDENT, World

STARTED = {"fix": FIX, "state": "started", "attempt": 0} | CHANGE.model_dump()
DONE = STARTED | {"state": "done"}
pytestmark = pytest.mark.usefixtures("approved")


# What it changes


def test_a_fix_does_what_was_approved_and_records_it(approved: World, fix: Recorded) -> None:
    assert fix(OPEN) == CHANGE.model_dump()
    assert (fix.given, fix.made, fix.now) == ([approved.plan.steps[0].parameters], 1, AFTER)
    assert fix.stored == DONE
    assert approved.timeline[-1] == f"{approved.plan.steps[0].effect}: was open False, is open True"


def test_the_second_step_is_the_second_fix(approved: World, record: Record) -> None:
    fix = record(OTHER_FIX)
    fix(CORRECT)
    assert fix.given == [approved.plan.steps[1].parameters]


def test_what_is_to_be_changed_is_written_down_before_it_is(fix: Recorded) -> None:
    fix(OPEN)
    assert fix.intent == STARTED


def test_what_a_fix_knows_better_after_the_change_is_what_is_recorded(fix: Recorded) -> None:
    fix.better = Change(before=BEFORE, after={"open": True, "rule": "sgr-2"}, undo={"rule": "sgr-2"})
    assert fix(OPEN) == fix.better.model_dump()
    assert fix.intent == STARTED
    assert fix.stored == DONE | fix.better.model_dump()


def test_what_is_as_it_should_be_is_not_changed_and_has_nothing_to_take_back(approved: World, fix: Recorded) -> None:
    fix.now = dict(AFTER)
    assert fix(OPEN) == {"before": AFTER, "after": AFTER, "undo": None}
    assert fix(UNDO) == {"undone": False}
    assert (fix.made, fix.reverted, fix.now) == (0, [], AFTER)
    assert approved.timeline[-1] == f"{FIX}: nothing to undo"


def test_the_target_remembers_that_it_was_repaired(approved: World, fix: Recorded) -> None:
    fix(OPEN)
    repairs = approved.incidents.history("target#ganopa-bot", "repair#")
    assert [one["of"] for one in repairs] == [INCIDENT]


def test_an_operation_is_remembered_as_no_repair(approved: World, fix: Recorded, rules: Rules) -> None:
    rules(runbook={"operation": True})
    fix(OPEN)
    assert approved.incidents.history("target#ganopa-bot", "repair#") == []


# Again


def test_a_retried_fix_answers_the_same_and_changes_nothing_more(fix: Recorded) -> None:
    answers = [fix(event) for event in (OPEN, OPEN, AGAIN)]
    assert answers == [CHANGE.model_dump()] * 3
    assert (len(fix.given), fix.made) == (1, 1)


def test_a_crash_before_the_intent_leaves_nothing(approved: World, fix: Recorded, monkeypatch: Any) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(fix.fix, "body", lambda *_: iter(()))
        with pytest.raises(StopIteration):
            fix(OPEN)
    assert (fix.stored, fix.made) == (None, 0)
    fix(AGAIN)
    assert (fix.stored, fix.made) == (DONE | {"attempt": 1}, 1)
    assert approved.timeline[-1].endswith("was open False, is open True")


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_interrupted_change_is_completed_by_the_next_attempt_and_made_once(
    approved: World, fix: Recorded, where: str
) -> None:
    fix.interrupted(where)
    assert fix.stored == STARTED
    assert fix(AGAIN) == CHANGE.model_dump()
    assert (fix.made, fix.now) == (1, AFTER)
    assert fix.stored == DONE | {"attempt": 1}
    assert approved.timeline[-1].endswith("was open False, is open True")


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_interrupted_change_that_was_completed_can_be_undone(fix: Recorded, where: str) -> None:
    fix.interrupted(where)
    fix(AGAIN)
    assert fix(UNDO) == {"undone": True}
    assert (fix.reverted, fix.now) == ([CHANGE.undo], BEFORE)


def test_a_takeover_is_itself_taken_over(fix: Recorded) -> None:
    fix.interrupted("before")
    fix.interrupted("before", AGAIN)
    assert (fix.stored or {})["attempt"] == 1
    fix(OPEN | {"attempt": 2})
    assert fix.made == 1
    assert fix.stored == DONE | {"attempt": 2}


@pytest.mark.parametrize("where", ["before", "after"])
def test_the_same_attempt_twice_is_in_progress(fix: Recorded, where: str) -> None:
    fix.interrupted(where)
    made = fix.made
    for attempt in (0, 0):
        with pytest.raises(InProgress, match="another invocation makes this change already"):
            fix(OPEN | {"attempt": attempt})
    fix.interrupted(where="before", event=AGAIN) if where == "before" else fix(AGAIN)
    assert fix.made == made


def test_who_stops_the_incident_as_the_change_begins_stops_the_change(
    fix: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Incidents.create

    def stopping(incidents: Incidents, incident: str, item: str, values: dict[str, Any]) -> None:
        create(incidents, incident, item, values)
        if item == ITEM:
            incidents.update(INCIDENT, RECORD, {"state": "closed"})

    monkeypatch.setattr(Incidents, "create", stopping)
    with pytest.raises(NotAllowed, match="stopped just now"):
        fix(OPEN)
    assert (fix.made, fix.stored) == (0, STARTED)


def test_an_older_attempt_that_comes_late_is_in_progress(fix: Recorded) -> None:
    fix.interrupted("before")
    fix.interrupted("before", OPEN | {"attempt": 2})
    with pytest.raises(InProgress):
        fix(AGAIN)
    assert fix.made == 0


def overtaken(monkeypatch: pytest.MonkeyPatch, fix: Recorded, other: dict[str, Any], name: str) -> None:
    """Let another invocation through right before this one writes."""
    write = getattr(Incidents, name)

    def late(incidents: Incidents, *args: Any, **expected: Any) -> None:
        if args[1] == ITEM:
            monkeypatch.setattr(Incidents, name, write)
            fix(other)
        write(incidents, *args, **expected)

    monkeypatch.setattr(Incidents, name, late)


def test_of_two_that_begin_at_once_one_changes(fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    overtaken(monkeypatch, fix, OPEN, "create")
    with pytest.raises(InProgress, match="another invocation makes this change already"):
        fix(OPEN)
    assert (fix.made, fix.stored) == (1, DONE)


def test_of_two_that_take_over_at_once_one_changes(fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    fix.interrupted("before")
    overtaken(monkeypatch, fix, AGAIN, "update")
    with pytest.raises(InProgress, match="another invocation makes this change already"):
        fix(AGAIN)
    assert (fix.made, fix.stored) == (1, DONE | {"attempt": 1})


# What others changed meanwhile


@pytest.mark.parametrize("where", ["before", "after"])
def test_what_somebody_else_changed_meanwhile_is_not_changed_by_a_retry(fix: Recorded, where: str) -> None:
    fix.interrupted(where)
    fix.now, made = dict(ELSEWISE), fix.made
    with pytest.raises(Interfered, match="was left as open False, is open to all: somebody else has changed it"):
        fix(AGAIN)
    assert (fix.made, fix.now, fix.stored) == (made, ELSEWISE, STARTED)


@pytest.mark.parametrize("where", ["", "before", "after"])
def test_what_somebody_else_changed_meanwhile_is_not_undone(fix: Recorded, where: str) -> None:
    fix.interrupted(where) if where else fix(OPEN)
    fix.now = dict(ELSEWISE)
    with pytest.raises(Interfered, match="was left as open True, is open to all: somebody else has changed it"):
        fix(UNDO)
    assert (fix.reverted, fix.now) == ([], ELSEWISE)
    assert "undone" not in (fix.stored or {})


def test_what_somebody_else_made_sufficient_meanwhile_is_not_taken_for_ours(
    fix: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fix that never lowers finds more than it wanted: taking that back would take away another's change."""
    fix.interrupted("before")
    enough = Change(before={"open": "wide"}, after={"open": "wide"}, undo=CHANGE.undo)
    monkeypatch.setattr(fix.fix, "body", lambda *_: iter([enough]))
    with pytest.raises(Interfered, match="was left as open False, is open wide: somebody else has changed it"):
        fix(AGAIN)
    assert fix.stored == STARTED


# Undo


def test_an_undo_gets_what_the_change_recorded(approved: World, fix: Recorded) -> None:
    fix(OPEN)
    assert fix(UNDO) == {"undone": True}
    assert (fix.reverted, fix.now) == ([CHANGE.undo], BEFORE)
    assert fix.stored == DONE | {"undone": True}
    assert approved.timeline[-1].endswith(": back to open False")


def test_undone_twice_is_reverted_once_and_said_once(approved: World, fix: Recorded) -> None:
    fix(OPEN)
    fix(UNDO)
    before = approved.timeline
    assert fix(UNDO) == {"undone": True}
    assert (len(fix.reverted), approved.timeline) == (1, before)


def test_after_its_undo_a_change_is_not_made_again(fix: Recorded) -> None:
    fix(OPEN)
    fix(UNDO)
    fix(AGAIN)
    assert (fix.made, fix.now) == (1, BEFORE)


def test_a_change_that_was_begun_and_made_is_undone(fix: Recorded) -> None:
    fix.interrupted("after")
    assert fix(UNDO) == {"undone": True}
    assert (fix.reverted, fix.now) == ([CHANGE.undo], BEFORE)


def test_a_change_that_was_begun_and_not_made_needs_no_revert(fix: Recorded) -> None:
    fix.interrupted("before")
    assert fix(UNDO) == {"undone": True}
    assert (fix.reverted, fix.now) == ([], BEFORE)


@pytest.mark.parametrize(("where", "reverted"), [("before undo", 1), ("after undo", 1)])
def test_an_interrupted_undo_is_completed_by_the_next_one(fix: Recorded, where: str, reverted: int) -> None:
    fix(OPEN)
    fix.interrupted(where, UNDO)
    assert fix(UNDO | {"attempt": 1}) == {"undone": True}
    assert (len(fix.reverted), fix.now) == (reverted, BEFORE)
    assert (fix.stored or {})["undone"] is True


def test_what_was_never_begun_is_not_undone(approved: World, fix: Recorded) -> None:
    assert fix(UNDO) == {"undone": False}
    assert fix.reverted == []
    assert approved.timeline[-1] == f"{FIX}: nothing to undo"


def test_what_was_never_begun_needs_no_leave_to_be_left_alone(approved: World, fix: Recorded) -> None:
    """A switch that stopped the first fix stops no undo: the incident must not end as if one had failed."""
    approved.switch("stop")
    assert fix(UNDO) == {"undone": False}


def test_an_undo_for_an_incident_that_nobody_opened_leaves_no_trace(approved: World, fix: Recorded) -> None:
    before = approved.items
    assert fix(UNDO | {"incident": "other"}) == {"undone": False}
    assert approved.items == before


def test_a_fix_that_cannot_undo_says_so(approved: World, fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    fix(OPEN)
    monkeypatch.setattr(fix.fix, "revert", None)
    assert fix(UNDO) == {"undone": False}
    assert (approved.timeline[-1], fix.now) == (f"{FIX}: nothing to undo", AFTER)


def test_a_fix_that_fails_says_so_and_keeps_what_it_was_about_to_do(fix: Recorded) -> None:
    fix.crash = "before"
    with pytest.raises(Crash):
        fix(OPEN)
    assert fix.stored == STARTED


# What takes longer than a function may


@pytest.fixture
def long(fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """A fix that only starts its change."""
    fix.command = "0b1c"
    monkeypatch.setattr(fix.fix, "follow", fix.follow)
    return fix


def test_a_change_that_takes_long_is_started_once_and_followed_to_its_end(approved: World, long: Recorded) -> None:
    assert [long(OPEN), long(OPEN), long(AGAIN)] == [{"running": True}] * 3
    assert (long.named, long.followed) == ([f"{INCIDENT}/{ITEM}"], ["0b1c", "0b1c"])
    assert (long.stored or {})["state"] == "running"
    long.ended = True
    assert long(OPEN) == CHANGE.model_dump() | {"running": False}
    assert (len(long.named), (long.stored or {})["state"]) == (1, "done")
    assert approved.timeline[-2:] == [
        f"{FIX}: started",
        f"{approved.plan.steps[0].effect}: was open False, is open True",
    ]
    assert long(AGAIN) == CHANGE.model_dump() | {"running": False}


def test_a_started_change_is_followed_also_when_nothing_may_be_started_any_more(
    approved: World, long: Recorded
) -> None:
    long(OPEN)
    approved.aws.client("ssm").put_parameter(Name="/runbooks/switch", Value="stop", Overwrite=True)
    assert long(OPEN) == {"running": True}


def test_a_command_that_failed_is_a_failure_of_the_fix_and_half_of_it_is_undone(long: Recorded) -> None:
    long(OPEN)
    long.ended = CommandFailed("exit code 1")
    with pytest.raises(CommandFailed, match="exit code 1"):
        long(OPEN)
    long.now = dict(ELSEWISE)
    assert long(UNDO) == {"running": True}
    long.ended = False
    assert long(UNDO) == {"running": True}
    assert long.followed[-1] == "undo of 0b1c"
    long.ended = True
    assert [long(UNDO), long(UNDO)] == [{"undone": True, "running": False}] * 2
    assert len(long.reverted) == 1


def test_a_command_that_goes_on_is_undone_only_after_its_end(long: Recorded) -> None:
    long(OPEN)
    assert [long(UNDO), long(UNDO)] == [{"running": True}] * 2
    assert (long.reverted, set(long.followed)) == ([], {"0b1c"})
    long.ended = True
    assert long(UNDO) == {"running": True}
    assert (len(long.reverted), (long.stored or {})["undoing"]) == (1, "undo of 0b1c")


def test_a_command_that_cannot_be_seen_is_not_undone(long: Recorded) -> None:
    long(OPEN)
    long.ended = RuntimeError("throttled")
    with pytest.raises(RuntimeError, match="throttled"):
        long(UNDO)
    assert long.reverted == []


def test_what_somebody_else_has_done_after_the_command_is_not_undone(long: Recorded) -> None:
    long(OPEN)
    long.ended = True
    long(OPEN)
    long.now = dict(ELSEWISE)
    with pytest.raises(Interfered):
        long(UNDO)


def test_a_fix_that_is_interrupted_as_it_starts_a_command_names_it_the_same_again(long: Recorded) -> None:
    long.crash = "before"
    long.command = ""
    with pytest.raises(Crash):
        long(OPEN)
    long.crash, long.command = "", "0b1c"
    assert long(AGAIN) == {"running": True}
    assert long.named == [f"{INCIDENT}/{ITEM}"]


def test_what_a_command_has_half_done_is_taken_up_and_is_nobody_elses(long: Recorded) -> None:
    long.crash, long.command = "before", ""
    with pytest.raises(Crash):
        long(OPEN)
    long.crash, long.command, long.now = "", "0b1c", dict(ELSEWISE)
    assert long(AGAIN) == {"running": True}
    assert long.named == [f"{INCIDENT}/{ITEM}"]


def test_what_a_command_has_half_made_is_not_taken_for_made(long: Recorded) -> None:
    long.crash, long.command = "before", ""
    with pytest.raises(Crash):
        long(OPEN)
    long.crash, long.command, long.now = "", "0b1c", dict(CHANGE.after)
    assert long(AGAIN) == {"running": True}
    assert (long.named, (long.stored or {})["command"]) == ([f"{INCIDENT}/{ITEM}"], "0b1c")


def test_an_undo_that_starts_a_command_names_it_after_the_step(long: Recorded) -> None:
    long.ended = True
    assert [long(OPEN), long(OPEN)][-1]["running"] is False
    long.now = dict(CHANGE.after)
    assert [long(UNDO), long(UNDO)][-1] == {"undone": True, "running": False}
    assert long.reverted == [(CHANGE.undo or {}) | {"step": f"{INCIDENT}/{ITEM}"}]
