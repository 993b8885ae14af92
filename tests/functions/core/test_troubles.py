from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from functions.core import troubles
from functions.core.diagnosis import Diagnosis, RankedCause
from functions.core.incidents import RECORD
from functions.core.plan import Plan, Step
from tests.functions.workflow.world import World

SERVICE = "ganopa-bot"
MINE, OTHER = "mine", "other"
TROUBLE = ("a",)


def cause(name: str, manual: str = "") -> RankedCause:
    rest: dict[str, list[str]] = {"supporting": [], "opposing": [], "unknown": []}
    return RankedCause(name=name, title=name, standing="confirmed", manual=manual, **rest)


def told(*causes: RankedCause) -> Diagnosis:
    return Diagnosis(healthy=False, causes=list(causes), summaries={}, evidence={})


def plan(runbook: str, *fixes: str, desired: int = 1) -> Plan:
    texts = {"effect": "", "before": runbook, "after": "", "radius": ""}
    steps = [Step(fix=fix, parameters={"desired": desired}, risk="low", undo=None, **texts) for fix in fixes]
    return Plan(account="1", region="r", service=SERVICE, runbook=runbook, steps=steps)


def incident(world: World, name: str, outcome: str = "", minutes: float = 0, of: str = "a") -> None:
    """Write an incident's record: open where it has no outcome, else closed so many minutes ago."""
    state = "closed" if outcome else "open"
    closed = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    record = {"state": state, "outcome": outcome, "closed_at": closed, "runbook": of}
    world.incidents.create(name, RECORD, record)


def taken(world: World, incident: str = MINE, service: str = SERVICE, wanted: Sequence[str] = TROUBLE) -> str:
    """Take troubles for an incident of the runbook "a"."""
    return troubles.taken(world.incidents, {"incident": incident, "service": service, "runbook": "a"}, wanted)


@pytest.fixture
def held(world: World) -> World:
    """A world in which another incident is about the trouble."""
    assert taken(world, OTHER) == ""
    return world


def test_the_same_change_is_one_trouble_in_every_runbook() -> None:
    one, other = plan("webhook_unavailable", "fix"), plan("targets_missing", "fix")
    assert troubles.names(told(), one) == troubles.names(told(), other)
    assert troubles.names(told(), one) != troubles.names(told(), plan("webhook_unavailable", "fix", desired=2))
    assert troubles.names(told(), one) != troubles.names(told(), plan("webhook_unavailable", "other"))


def test_what_people_have_to_do_is_a_trouble_and_what_a_fix_mends_is_none_besides_it() -> None:
    assert troubles.names(told(cause("crash", "look")), plan("a")) == troubles.names(
        told(cause("crash", "x")), plan("b")
    )
    assert troubles.names(told(cause("crash", "look")), plan("a")) != troubles.names(
        told(cause("other", "look")), plan("a")
    )
    assert troubles.names(told(cause("closed")), plan("a")) == []


def test_nobody_else_is_about_a_free_trouble_nor_about_ones_own(world: World) -> None:
    assert taken(world) == ""
    assert taken(world) == ""
    assert taken(world, wanted=[]) == ""


def test_an_open_incident_keeps_its_trouble(held: World) -> None:
    incident(held, OTHER)
    assert taken(held) == OTHER
    assert taken(held) == OTHER
    assert taken(held, service="another-bot") == ""


def test_who_is_about_more_than_another_one_goes_on(held: World) -> None:
    incident(held, OTHER)
    assert taken(held, wanted=[*TROUBLE, "b"]) == ""
    incident(held, MINE)
    assert taken(held, "third", wanted=["b"]) == MINE


@pytest.mark.parametrize("outcome", ["recovered", "healthy", "failed", "stopped", "diagnosed", "joined"])
def test_a_closed_incident_gives_its_trouble_back(held: World, outcome: str) -> None:
    incident(held, OTHER, outcome, of="b")
    assert taken(held) == ""
    incident(held, MINE)
    assert taken(held, "third") == MINE


@pytest.mark.parametrize("outcome", ["manual", "rejected", "not fixed"])
def test_what_people_were_told_by_another_runbook_just_now_they_are_not_told_again(held: World, outcome: str) -> None:
    incident(held, OTHER, outcome, minutes=14, of="b")
    assert taken(held) == OTHER


@pytest.mark.parametrize(("minutes", "runbook"), [(16, "b"), (14, "a")])
def test_later_or_by_the_same_runbook_they_are(held: World, minutes: float, runbook: str) -> None:
    incident(held, OTHER, "manual", minutes, runbook)
    assert taken(held) == ""


def test_an_incident_without_a_record_is_about_nothing(held: World) -> None:
    assert taken(held) == ""
