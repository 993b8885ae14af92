import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.check import Check, check
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

SIGNALS = {"dark": "It is dark", "cold": "It is cold"}


class Room(Parameters):
    """A room, by its name."""

    room: str


def answering(finding: Finding) -> Check:
    """Make a check that answers the same to everything."""

    @check(signals=SIGNALS)
    def handler(_: Room, __: Session) -> Finding:
        """Is it comfortable?

        More about it.
        """
        return finding

    return handler


def ask(handler: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return handler({"parameters": {"room": "hall"}}, object())


def test_the_answer_is_json_with_every_signal() -> None:
    answer = ask(answering(Finding(summary="dark", signals={"dark": True}, facts={"lux": 1})))
    assert answer["signals"] == {"dark": True, "cold": None}
    assert json.loads(json.dumps(answer)) == answer


def test_what_a_check_says_of_the_world_comes_from_its_parameters() -> None:
    @check(signals=SIGNALS)
    def handler(parameters: Room, _: Session) -> Finding:
        return Finding(summary=parameters.room)

    assert ask(handler)["summary"] == "hall"


def test_an_undeclared_signal_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"check test_check answers undeclared signals: \['wet'\]"):
        ask(answering(Finding(summary="", signals={"wet": True})))


@pytest.mark.parametrize("parameters", [{}, {"room": "hall", "floor": 1}, {"room": 1}])
def test_wrong_parameters_are_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answering(Finding(summary=""))({"parameters": parameters})


def test_what_cannot_be_read_is_an_error_not_an_answer() -> None:
    @check(signals=SIGNALS)
    def handler(_: Room, __: Session) -> Finding:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        ask(handler)


@pytest.mark.parametrize("action", ["ecs:UpdateService", "ecs:*", "ssm:SendCommand"])
def test_a_check_that_could_change_anything_is_refused(action: str) -> None:
    with pytest.raises(ValueError, match=f"check test_check: a check may only read, but declares .*{action[:6]}"):

        @check(allow("ecs:DescribeServices"), allow(action), signals={})
        def handler(_: Room, __: Session) -> Finding:
            return Finding(summary="")


def test_what_deploying_needs_to_know() -> None:
    handler = answering(Finding(summary=""))
    assert handler.kind == "check"
    assert handler.name == "test_check"
    assert handler.description == "Is it comfortable?"
    assert handler.parameters is Room
    assert handler.entry == f"{__name__}.handler"
    assert handler.signals == SIGNALS
