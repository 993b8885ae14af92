"""A fix whose effects are made on a dictionary instead of on AWS, and the plan that allows it."""

from typing import Any

from functions.core.fix import Changes, Fix
from functions.core.incidents import Incidents
from functions.core.results import Change, Parameters, Started
from tests.functions.workflow.world import INCIDENT, RUNBOOK

FIX, OTHER_FIX = "open_security_group_port", "correct_health_check"
ITEM = "change#1#0"
OPEN: dict[str, Any] = {"incident": INCIDENT, "runbook": RUNBOOK, "round": 1, "step": 0, "lock": 1}
CORRECT, AGAIN, UNDO = OPEN | {"step": 1}, OPEN | {"attempt": 1}, OPEN | {"undo": True}
BEFORE, AFTER, ELSEWISE = {"open": False}, {"open": True}, {"open": "to all"}
CHANGE = Change(before=BEFORE, after=AFTER, undo={"rule": "sgr-1"})


class Crash(Exception):
    """The function ends here, as it does where Lambda takes its time away."""


class Recorded:
    """Stands in for a fix: what it was given, how often it changed and reverted, and how the world is now.

    `crash` says where it is interrupted; `better` is what it knows after the change. With a `command` it only starts
    that, and its undo another one; whether it has `ended`, or how it failed, is what following it says.
    """

    def __init__(self, fix: Fix, incidents: Incidents) -> None:
        self.fix = fix
        self.incidents = incidents
        self.now: dict[str, Any] = dict(BEFORE)
        self.given: list[dict[str, Any]] = []
        self.made = 0
        self.reverted: list[dict[str, Any]] = []
        self.crash = ""
        self.better: Change | None = None
        self.command = ""
        self.named: list[str] = []
        self.followed: list[str] = []
        self.ended: bool | Exception = False
        self.intent: dict[str, Any] | None = None

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """Call the fix as the state machine does."""
        return self.fix(event)

    @property
    def stored(self) -> dict[str, Any] | None:
        """The change as it is written down, without what every item has."""
        return _own(self.incidents.get(INCIDENT, ITEM))

    def apply(self, parameters: Parameters, _aws: object) -> Changes:
        """Stand in for the fix's body."""
        self.given.append(parameters.model_dump())
        name = yield Change(before=self.now, after=AFTER, undo=CHANGE.undo)
        self.intent = self.stored
        if self.command:
            self.named.append(name)
            yield Started(command=self.command)
        self._interrupted("before")
        self.now, self.made = AFTER, self.made + 1
        self._interrupted("after")
        if self.better:
            yield self.better

    def follow(self, command: str, parameters: Parameters, _aws: object) -> bool:
        """Stand in for looking at the command."""
        self.followed.append(command)
        assert parameters.model_dump() == self.given[0]
        if isinstance(self.ended, Exception):
            raise self.ended
        return self.ended

    def revert(self, undo: dict[str, Any], _aws: object) -> Started | None:
        """Stand in for the fix's undo."""
        self._interrupted("before undo")
        self.reverted.append(undo)
        if self.command:
            return Started(command=f"undo of {self.command}")
        self.now = dict(BEFORE)
        self._interrupted("after undo")
        return None

    def interrupted(self, where: str, event: dict[str, Any] = OPEN) -> None:
        """Call the fix and interrupt it."""
        self.crash = where
        try:
            self.fix(event)
        except Crash:
            self.crash = ""
            return
        raise AssertionError(f"nothing interrupted it {where}")

    def _interrupted(self, where: str) -> None:
        if self.crash == where:
            raise Crash


def _own(item: dict[str, Any] | None) -> dict[str, Any] | None:
    return (
        {name: value for name, value in item.items() if name not in ("incident", "item", "expires")} if item else None
    )
