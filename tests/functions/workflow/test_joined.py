"""One cause that several runbooks see is one incident: the second one is closed in favour of the first."""

from typing import Any

import pytest

from functions.workflow import conclude, open_incident
from tests.functions.workflow.world import DOWN, INCIDENT, TRIGGER, World, findings

OTHER, RUNBOOK = "other-incident", "targets_missing"
EMPTY = ("health.failing", "targets.no-targets", "targets.none-healthy", "service.desired-zero")
CRASH = ("health.failing", "targets.no-targets", "targets.none-healthy", "tasks.container-exited")


def other(world: World, *signals: str, trigger: Any = TRIGGER, mode: str = "fix") -> str:
    """Let another runbook's incident see these signals; return its outcome."""
    if trigger:
        world.incidents.create(OTHER, "trigger", trigger)
    of = {"incident": OTHER, "runbook": RUNBOOK}
    open_incident.handler({**of, "input": {"mode": mode}})
    return str(conclude.handler({**of, "findings": findings(*signals, runbook=RUNBOOK), "round": 0})["outcome"])


@pytest.fixture
def asked(world: World) -> World:
    """A world in which the webhook's runbook has found that the service is asked to run no task."""
    world.open()
    assert world.conclude(findings(*DOWN, "targets.no-targets", "service.desired-zero"))["outcome"] == "plan"
    return world


def test_the_second_incident_is_left_to_the_first_and_both_say_so(asked: World) -> None:
    assert other(asked, *EMPTY) == "joined"
    assert asked.timeline[-1] == f"Incident {OTHER} is about the same"
    assert asked.incidents.timeline(OTHER)[-1]["text"] == f"Incident {INCIDENT} is about the same"


def test_looking_again_the_first_one_still_has_its_plan(asked: World) -> None:
    other(asked, *EMPTY)
    assert asked.conclude(findings(*DOWN, "targets.no-targets", "service.desired-zero"))["outcome"] == "plan"


def test_another_cause_is_another_incident(asked: World) -> None:
    assert other(asked, "health.failing", "targets.none-healthy", "firewall.port-closed") == "plan"


def test_who_has_more_to_do_goes_on(asked: World) -> None:
    assert other(asked, *EMPTY, "firewall.port-closed") == "plan"


def test_an_engineer_gets_an_answer_of_their_own(asked: World) -> None:
    assert other(asked, *EMPTY, trigger=None) == "plan"


def test_who_only_looks_takes_nothing(world: World) -> None:
    assert other(world, *EMPTY, trigger=None, mode="diagnose") == "plan"
    world.open()
    assert world.conclude(findings(*DOWN, "targets.no-targets", "service.desired-zero"))["outcome"] == "plan"
    assert f"Incident {OTHER} is about the same" not in world.timeline


def test_once_it_is_closed_as_recovered_the_cause_is_new_again(asked: World) -> None:
    asked.close("recovered")
    assert other(asked, *EMPTY) == "plan"


def test_what_people_were_told_a_minute_ago_they_are_not_told_again(world: World) -> None:
    world.open()
    crash = (*DOWN, "targets.no-targets", "tasks.container-exited")
    assert world.conclude(findings(*crash))["outcome"] == "manual"
    world.close("manual")
    assert other(world, *CRASH) == "joined"
