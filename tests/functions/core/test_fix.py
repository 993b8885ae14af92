from collections.abc import Callable
from typing import Any

import pytest

from functions.core import catalogue
from functions.core.approval import NotApproved
from functions.core.fix import Fix
from functions.core.results import Change, Parameters
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, World

OPEN = {"incident": INCIDENT, "round": 1, "step": 0}
CORRECT = {**OPEN, "step": 1}
UNDO = {**OPEN, "undo": True}
CHANGE = Change(before={"open": False}, after={"open": True}, undo={"rule": "sgr-1"})


class Recorded:
    """A fix whose effects are written down instead of made."""

    def __init__(self, fix: Fix) -> None:
        self.fix = fix
        self.applied: list[dict[str, Any]] = []
        self.reverted: list[dict[str, Any]] = []
        self.change = CHANGE

    def apply(self, parameters: Parameters, _aws: object) -> Change:
        """Stand in for the fix's body."""
        self.applied.append(parameters.model_dump())
        return self.change

    def revert(self, undo: dict[str, Any], _aws: object) -> None:
        """Stand in for the fix's undo."""
        self.reverted.append(undo)


@pytest.fixture
def record(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Recorded]:
    """Replace what a fix does."""

    def replace(name: str) -> Recorded:
        recorded = Recorded(catalogue.fixes()[name])
        monkeypatch.setattr(recorded.fix, "session", world.aws)
        monkeypatch.setattr(recorded.fix, "body", recorded.apply)
        monkeypatch.setattr(recorded.fix, "revert", recorded.revert)
        return recorded

    return replace


@pytest.fixture
def fix(record: Callable[[str], Recorded]) -> Recorded:
    """The fix that opens a port."""
    return record("open_security_group_port")


@pytest.fixture
def approved(world: World) -> World:
    """A world with an approved plan of two steps: open the port, correct the health check."""
    approve(world, world.ask(*CLOSED_PORT, "probe.mismatch")[0].link)
    assert [step.fix for step in world.plan.steps] == ["open_security_group_port", "correct_health_check"]
    return world


def test_a_fix_does_what_was_approved_and_records_it(approved: World, fix: Recorded) -> None:
    assert fix.fix(OPEN) == CHANGE.model_dump()
    assert fix.applied == [approved.plan.steps[0].parameters]
    stored = approved.incidents.get(INCIDENT, "change#1#0") or {}
    assert {name: stored[name] for name in ("fix", "before", "after", "undo")} == {
        "fix": "open_security_group_port",
        **CHANGE.model_dump(),
    }
    assert approved.timeline[-1] == f"{approved.plan.steps[0].effect}: was open False, is open True"


def test_what_the_event_says_besides_is_no_instruction(approved: World, fix: Recorded) -> None:
    fix.fix({**OPEN, "parameters": {"port": 22}, "digest": "another"})
    assert fix.applied == [approved.plan.steps[0].parameters]


@pytest.mark.usefixtures("approved")
def test_a_retried_fix_answers_the_same_and_changes_nothing_more(fix: Recorded) -> None:
    assert fix.fix(OPEN) == fix.fix(OPEN)
    assert len(fix.applied) == 1


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize("event", [CORRECT, {**OPEN, "step": 2}, {**OPEN, "step": -2}])
def test_a_fix_refuses_a_step_that_is_not_its_own(fix: Recorded, event: dict[str, Any]) -> None:
    with pytest.raises(NotApproved, match=f"step {event['step']} of the approved plan is not open_security_group_port"):
        fix.fix(event)
    assert fix.applied == []


def test_the_second_step_is_the_second_fix(approved: World, record: Callable[[str], Recorded]) -> None:
    fix = record("correct_health_check")
    fix.fix(CORRECT)
    assert fix.applied == [approved.plan.steps[1].parameters]


def test_without_an_approval_a_fix_refuses(world: World, fix: Recorded) -> None:
    world.ask()
    with pytest.raises(NotApproved, match="the plan is pending, not approved"):
        fix.fix(OPEN)
    assert fix.applied == []


@pytest.mark.usefixtures("approved")
def test_another_round_needs_its_own_approval(fix: Recorded) -> None:
    with pytest.raises(NotApproved, match="question 2 was never asked"):
        fix.fix({**OPEN, "round": 2})
    assert fix.applied == []


def test_an_undo_gets_what_the_change_recorded(approved: World, fix: Recorded) -> None:
    fix.fix(OPEN)
    assert fix.fix(UNDO) == {"undone": True}
    assert fix.reverted == [{"rule": "sgr-1"}]
    assert (approved.incidents.get(INCIDENT, "change#1#0") or {})["undone"] is True
    assert approved.timeline[-1].endswith(": back to open False")


def test_what_was_not_changed_is_not_undone(approved: World, fix: Recorded) -> None:
    assert fix.fix(UNDO) == {"undone": False}
    assert fix.reverted == []
    assert approved.timeline[-1] == "open_security_group_port: nothing to undo"


@pytest.mark.usefixtures("approved")
def test_a_change_without_an_undo_stays(fix: Recorded) -> None:
    fix.change = Change(before={"open": True}, after={"open": True})
    fix.fix(OPEN)
    assert fix.fix(UNDO) == {"undone": False}
    assert fix.reverted == []


@pytest.mark.usefixtures("approved")
def test_a_fix_that_cannot_undo_says_so(fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    fix.fix(OPEN)
    monkeypatch.setattr(fix.fix, "revert", None)
    assert fix.fix(UNDO) == {"undone": False}


def test_an_undo_needs_the_approval_too(world: World, fix: Recorded) -> None:
    world.ask()
    with pytest.raises(NotApproved, match="the plan is pending, not approved"):
        fix.fix(UNDO)
    assert fix.reverted == []


def test_a_fix_that_fails_records_no_change(approved: World, fix: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Change:
        raise RuntimeError

    monkeypatch.setattr(fix.fix, "body", fail)
    with pytest.raises(RuntimeError):
        fix.fix(OPEN)
    assert approved.incidents.get(INCIDENT, "change#1#0") is None
