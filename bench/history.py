"""What an execution's history tells: durations, state transitions, function calls, sizes of payloads."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sandbox.cloud import Sandbox

PAYLOADS = ("input", "output", "parameters")


class Call(NamedTuple):
    """One invocation of a function by the state machine: its ARN, and the seconds until it answered."""

    function: str
    seconds: float


class History:
    """The history of one execution, as Step Functions gives it."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        """Take all events, in order."""
        self.events = events

    @classmethod
    def read(cls, sandbox: Sandbox, execution: str) -> "History":
        """Read the history of an execution by its ARN."""
        states = sandbox.client("stepfunctions")
        pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return cls([event for page in pages for event in page["events"]])

    def seconds(self, first: str, last: str) -> float:
        """Return the time from entering one state to leaving another one, each for the first time."""
        entered = next(self._of("stateEnteredEventDetails", first))
        left = next(self._of("stateExitedEventDetails", last))
        return float((left["timestamp"] - entered["timestamp"]).total_seconds())

    def states(self, verb: str) -> list[str]:
        """List the states whose names begin with a word, in the order they were entered."""
        names = [event["stateEnteredEventDetails"]["name"] for event in self._with("stateEnteredEventDetails")]
        return [name for name in names if name.startswith(f"{verb} ")]

    @property
    def transitions(self) -> int:
        """Count what Step Functions charges: the start, each state entered, each retry of a task."""
        types = [event["type"] for event in self.events]
        retries = types.count("TaskScheduled") - types.count("TaskStateEntered")
        return 1 + len(list(self._with("stateEnteredEventDetails"))) + retries

    @property
    def calls(self) -> list[Call]:
        """List the invocations of functions; waiting for a person is not part of them."""
        after = {event["previousEventId"]: event for event in self.events if event["type"].startswith("Task")}
        return [self._call(event, after) for event in self._with("taskScheduledEventDetails")]

    @property
    def largest(self) -> int:
        """Return the bytes of the largest input, output or variable of any state."""
        return max(map(len, self._payloads()))

    def _call(self, scheduled: dict[str, Any], after: dict[int, dict[str, Any]]) -> Call:
        answered = after[after[scheduled["id"]]["id"]]
        function = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["FunctionName"]
        return Call(function, (answered["timestamp"] - scheduled["timestamp"]).total_seconds())

    def _payloads(self) -> Iterator[bytes]:
        for event in self.events:
            for details in (value for name, value in event.items() if name.endswith("EventDetails")):
                texts = [details.get(name) for name in PAYLOADS]
                texts += details.get("assignedVariables", {}).values()
                yield from (text.encode() for text in texts if text)

    def _with(self, details: str) -> Iterator[dict[str, Any]]:
        return (event for event in self.events if details in event)

    def _of(self, details: str, state: str) -> Iterator[dict[str, Any]]:
        return (event for event in self._with(details) if event[details]["name"] == state)
