"""What one repaired incident costs on AWS, by list price."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from bench import incident
from bench.history import Call, History
from bench.report import NO, YES, Report, Row, dollars
from sandbox.cloud import Sandbox

TRANSITION = 0.025 / 1_000
REQUEST = 0.20 / 1_000_000
GB_SECOND = 0.0000133334
AIM = 0.002
# Not in the execution's history: dispatch for both alarms, and the page, opened, answered and shown again.
OUTSIDE = ("dispatch",) * 2 + ("approval-page",) * 3


def measure(sandbox: Sandbox) -> Report:
    """Let one incident be repaired and price its history."""
    history = incident.happen(sandbox).end("approve")
    incident.calm(sandbox)
    calls = [*history.calls, *_outside(history)]
    steps, requests = history.transitions * TRANSITION, len(calls) * REQUEST
    busy = compute(calls, memory(sandbox))
    total = steps + requests + busy
    rows: list[Row] = [
        (f"{history.transitions} state transitions", dollars(steps)),
        (f"{len(calls)} Lambda requests", dollars(requests)),
        (f"{sum(call.seconds for call in calls):.1f} s of Lambda", dollars(busy)),
        ("together", dollars(total), f"≤ ${AIM:g}", YES if total <= AIM else NO),
    ]
    validations = history.states("Wait").count("Wait for effect")
    notes = [
        f"One incident ({incident.BROKEN}), approved and repaired, validated {validations} times. Included: the whole",
        "execution, dispatch for two alarms, the approval page three times; Lambda on arm64 at the memory it has and",
        "the durations measured here. Not included: free tiers, DynamoDB, SNS, logs, traces, alarms, the API.",
    ]
    return Report("4. List price per incident", ("", "measured", "aim", "met"), rows, notes)


def _outside(history: History) -> Sequence[Call]:
    """Price what the history does not show as the longest call that it shows."""
    longest = max(call.seconds for call in history.calls)
    return [Call(f"{incident.SERVICE}-{name}", longest) for name in OUTSIDE]


def compute(calls: Iterable[Call], memory: Mapping[str, int]) -> float:
    """Price the time of calls, by the memory of each function."""
    return sum(call.seconds * memory[_name(call)] / 1024 * GB_SECOND for call in calls)


def memory(sandbox: Sandbox) -> dict[str, int]:
    """Return the memory of every function, in MB, by its name."""
    pages = sandbox.client("lambda").get_paginator("list_functions").paginate()
    functions = chain.from_iterable(page["Functions"] for page in pages)
    return {one["FunctionName"]: one["MemorySize"] for one in functions}


def _name(call: Call) -> str:
    return call.function.rpartition(":")[2]
