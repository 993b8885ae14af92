from typing import Any

import pytest

from functions.workflow import progress
from tests.functions.workflow.world import World, findings

RUNBOOK = "https_broken"
EXPIRED = ("presented.expired", "listener.attached-expired", "validation.record-missing")
DAYS = 3 * 24 * 12  # looks, five minutes apart


@pytest.fixture
def requested(world: World) -> World:
    """A world in which a certificate was asked for because the attached one has expired."""
    world.open(runbook=RUNBOOK)
    world.conclude(findings(*EXPIRED, runbook=RUNBOOK), runbook=RUNBOOK)
    return world


def look(world: World, *signals: str, unknown: Any = (), number: int = 1) -> str:
    """Look at the validation for the so-manieth time."""
    found = {"validation": findings(*signals, unknown=unknown, runbook=RUNBOOK)["validation"]}
    event = {"incident": world.record["incident"], "runbook": RUNBOOK, "findings": found, "look": number}
    return str(progress.handler(event)["progress"])


def test_only_a_plan_that_sets_something_going_says_how_often_to_look(requested: World) -> None:
    ready = ("presented.expired", "listener.usable-not-attached")
    facts = {"listener": {"usable": "arn:aws:acm:me-central-1:123456789012:certificate/new"}}
    for found, every in (
        (findings(*EXPIRED, runbook=RUNBOOK), 300),
        (findings(*ready, facts=facts, runbook=RUNBOOK), 0),
    ):
        concluded = requested.conclude(found, runbook=RUNBOOK)
        assert (concluded["outcome"], concluded["every"]) == ("plan", every)


def test_while_the_signal_is_there_it_waits_and_says_so_once(requested: World) -> None:
    before = len(requested.timeline)
    assert [look(requested, "validation.pending", number=number) for number in (1, 2, 3)] == ["wait"] * 3
    assert requested.timeline[before:] == ["Waiting for up to 72 hours, holding nothing: validation was looked at"]


def test_when_the_signal_is_gone_it_goes_on(requested: World) -> None:
    assert look(requested) == "done"
    assert requested.timeline[-1] == "No longer waiting: validation was looked at"


def test_what_cannot_be_read_has_not_come(requested: World) -> None:
    assert look(requested, unknown=["validation.pending"]) == "wait"


def test_other_signals_of_the_check_do_not_count(requested: World) -> None:
    assert look(requested, "validation.failed") == "done"


def test_after_the_hours_that_the_runbook_allows_it_is_overdue(requested: World) -> None:
    assert look(requested, "validation.pending", number=DAYS - 1) == "wait"
    assert look(requested, "validation.pending", number=DAYS) == "overdue"
    assert requested.timeline[-1] == "Waited for 72 hours: validation was looked at"
    assert look(requested, number=DAYS) == "done"
