import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.history import Call, History

START = datetime(2026, 1, 1, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:me-central-1:123456789012:function:look"


def event(number: int, kind: str, after: int, seconds: float, **details: Any) -> dict[str, Any]:
    return {
        "id": number,
        "previousEventId": after,
        "type": kind,
        "timestamp": START + timedelta(seconds=seconds),
        **{f"{name}EventDetails": value for name, value in details.items()},
    }


@pytest.fixture
def history() -> History:
    parameters = json.dumps({"FunctionName": FUNCTION, "Payload": {}})
    return History(
        [
            event(1, "ExecutionStarted", 0, 0, executionStarted={"input": "{}"}),
            event(2, "TaskStateEntered", 0, 1, stateEntered={"name": "Check it", "input": "{}"}),
            event(3, "TaskScheduled", 2, 1, taskScheduled={"parameters": parameters}),
            event(4, "TaskStarted", 3, 1),
            event(5, "TaskFailed", 4, 2),
            event(6, "TaskScheduled", 5, 3, taskScheduled={"parameters": parameters}),
            event(7, "TaskStarted", 6, 3),
            event(8, "TaskSubmitted", 7, 3.5),
            event(9, "TaskSucceeded", 8, 60),
            event(
                10,
                "TaskStateExited",
                9,
                61,
                stateExited={"name": "Check it", "output": "{}", "assignedVariables": {"seen": '"é' + "x" * 500 + '"'}},
            ),
            event(11, "SucceedStateEntered", 10, 61, stateEntered={"name": "Done", "input": "{}"}),
            event(12, "SucceedStateExited", 11, 61, stateExited={"name": "Done", "output": "{}"}),
        ]
    )


def test_duration_is_from_entering_to_leaving(history: History) -> None:
    assert history.seconds("Check it", "Check it") == 60
    assert history.states("Check") == ["Check it"]


def test_start_states_and_retries_are_charged(history: History) -> None:
    assert history.transitions == 1 + 2 + 1


def test_every_try_is_a_call_and_waiting_for_a_person_is_none(history: History) -> None:
    assert history.calls == [Call(FUNCTION, 1), Call(FUNCTION, 0.5)]


def test_variables_count_as_payload_in_bytes(history: History) -> None:
    assert history.largest == 504
