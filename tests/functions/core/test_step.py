from typing import Any

import pytest

from functions.core.aws import Session
from functions.core.permissions import allow
from functions.core.step import Of, step


class Counting(Of):
    """A step's event."""

    count: int


@step(allow("dynamodb:GetItem", on="{table}"))
def validating(event: Counting, _aws: Session) -> dict[str, Any]:
    """Count."""
    return {"next": event.count + 1}


@step()
def foreign(event: dict[str, Any], _aws: Session) -> dict[str, Any]:
    """Take whatever comes."""
    return {"seen": event}


def test_a_step_gets_its_event_validated() -> None:
    assert validating({"incident": "i", "runbook": "r", "count": 1}) == {"next": 2}


@pytest.mark.parametrize(
    "event", [{}, {"incident": "i", "runbook": "r"}, {"incident": "i", "runbook": "r", "count": "x"}]
)
def test_a_step_refuses_another_event(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="count"):
        validating(event)


def test_an_event_from_outside_is_handed_on_as_it_is() -> None:
    assert foreign({"anything": 1}) == {"seen": {"anything": 1}}


def test_a_step_says_what_deploying_it_needs() -> None:
    assert (validating.kind, validating.name, validating.description) == ("workflow", "test_step", "Count.")
    assert validating.entry.endswith("test_step.handler")
    assert validating.permissions == (allow("dynamodb:GetItem", on="{table}"),)
