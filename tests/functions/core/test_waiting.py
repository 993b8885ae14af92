from typing import Any

import pytest
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.models import StepFunctionBackend

from functions.core import waiting
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import FIRST, World

APPROVED = '{"decision": "approved"}'


@pytest.fixture(params=["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def nobody_waits(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (first)
    """Step Functions does not know the token any more."""
    kind = type(request.param, (AWSError,), {"TYPE": request.param, "STATUS": 400})

    def over(*_: Any, **__: Any) -> None:
        raise kind("not any more")

    monkeypatch.setattr(StepFunctionBackend, "send_task_success", over)


def tell(world: World) -> None:
    """Tell the state machine what the question came to, if that is needed."""
    waiting.tell(world.aws, world.incidents, world.approval())


@pytest.mark.parametrize("state", ["pending", "expired", "withdrawn", "replaced"])
def test_what_nobody_decided_is_not_told(world: World, state: str) -> None:
    world.ask()
    world.change(state=state)
    tell(world)
    assert (world.answers, world.approval().told) == ([], False)


def test_a_decision_is_told_once(world: World) -> None:
    world.ask()
    world.change(state="approved")
    tell(world)
    tell(world)
    assert (world.answers, world.approval().told) == ([("token-1", APPROVED)], True)


@pytest.mark.usefixtures("nobody_waits")
def test_between_two_waits_a_decision_stays_to_be_told(world: World) -> None:
    approve(world, world.ask()[0].link)
    assert (world.approval().state, world.approval().told) == ("approved", False)
    assert world.timeline[-1].startswith("Approved by ")


def test_the_next_wait_begins_with_what_was_decided_before_it(world: World) -> None:
    world.ask()
    world.change(state="approved")
    assert world.call(FIRST, token="token-2") == []
    assert world.answers == [("token-2", APPROVED)]


@pytest.mark.usefixtures("nobody_waits")
def test_after_the_incident_a_decision_is_noted_as_too_late_once(world: World) -> None:
    world.ask()
    world.incidents.update(world.record["incident"], "record", {"state": "closed"})
    world.change(state="approved")
    tell(world)
    tell(world)
    assert world.timeline.count("The incident was not waiting for a decision any more") == 1
    assert world.approval().told is True


def test_another_error_of_step_functions_is_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise type("AccessDenied", (AWSError,), {"TYPE": "AccessDeniedException", "STATUS": 400})("not you")

    world.ask()
    world.change(state="approved")
    monkeypatch.setattr(StepFunctionBackend, "send_task_success", broken)
    with pytest.raises(Exception, match="AccessDenied"):
        tell(world)
    assert world.approval().told is False
