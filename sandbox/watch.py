"""Follows an execution while it runs, state by state."""

import json
import time
from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Any, NamedTuple

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.account import ACCOUNT, home
from sandbox.cloud import Sandbox
from sandbox.patches.task_tokens import submitted, time_out, waiting

ENDS = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"}
EVERY = 0.1
FEW = 20


class Seen(NamedTuple):
    """One thing that happened: a state entered or left, or the execution's end (its status as `state`)."""

    kind: str
    state: str
    output: Any


def executions(sandbox: Sandbox, state_machine: str, *, ended: bool | None = None) -> list[str]:
    """List the ARNs of a state machine's newest executions, all or those that have ended or not, the newest first."""
    found = sandbox.client("stepfunctions").list_executions(stateMachineArn=state_machine)["executions"]
    wanted = [one for one in found if ended is None or ended == (one["status"] != "RUNNING")]
    return [one["executionArn"] for one in sorted(wanted, key=lambda one: one["startDate"], reverse=True)]


def next_execution(sandbox: Sandbox, state_machine: str, seconds: float, known: Collection[str] = frozenset()) -> str:
    """Wait for an execution that is not known yet and return its ARN.

    Raises:
        TimeoutError: when none starts in time.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        new = [one for one in executions(sandbox, state_machine) if one not in known]
        if new:
            return new[-1]
        time.sleep(EVERY)
    raise TimeoutError(f"no execution of {state_machine} started within {seconds:.0f} s")


def waits(execution: str) -> bool:
    """Tell whether an execution waits for a task token at this moment, and who was given it has taken it."""
    interpreted = _interpreted(execution)
    return bool(waiting(interpreted)) and submitted(interpreted)


def run_out(sandbox: Sandbox, execution: str) -> None:
    """Let the time for which an execution waits for a task token be over: the task fails with States.Timeout.

    Raises:
        LookupError: where it waits for none.
    """
    status = sandbox.client("stepfunctions").describe_execution(executionArn=execution)["status"]
    if status != "RUNNING" or not time_out(_interpreted(execution)):
        raise LookupError(f"{execution} is {status} and waits for no task token")


def _interpreted(execution: str) -> Any:
    return stepfunctions_parser_backends[ACCOUNT][home()].describe_execution(execution)


def follow(sandbox: Sandbox, execution: str) -> Iterator[Seen]:
    """Yield what happens in an execution until it ends."""
    known = 0
    while True:
        events = _newer(sandbox, execution, known)
        for event in events:
            known = event["id"]
            yield from _seen(event)
        if events and events[-1]["type"] in ENDS:
            return
        time.sleep(EVERY)


def _newer(sandbox: Sandbox, execution: str, known: int) -> list[dict[str, Any]]:
    """List the events after the one that is known, the oldest first; most of the time there are few."""
    paginator = sandbox.client("stepfunctions").get_paginator("get_execution_history")
    pages = paginator.paginate(executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": FEW})
    newest = (event for page in pages for event in page["events"])
    return list(takewhile(lambda event: event["id"] > known, newest))[::-1]


def _seen(event: dict[str, Any]) -> Iterator[Seen]:
    if "stateEnteredEventDetails" in event:
        yield Seen("entered", event["stateEnteredEventDetails"]["name"], None)
    elif "stateExitedEventDetails" in event:
        details = event["stateExitedEventDetails"]
        yield Seen("left", details["name"], json.loads(details.get("output") or "null"))
    elif event["type"] in ENDS:
        yield Seen("ended", event["type"].removeprefix("Execution"), None)
