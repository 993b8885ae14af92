"""What a function's cold start costs beside the least that a boto3 program costs: import and first call."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from bench import usage
from bench.first_calls import FirstCalls
from bench.report import NO, YES, Report, Row, megabytes, milliseconds, times
from bench.usage import Program, Usage
from sandbox.account import ADMIN_ACCESS_KEY
from sandbox.cloud import Sandbox
from sandbox.lambda_function import FunctionConfig

ROUNDS = 5
AIM = 1.15
NO_RUNTIME = "127.0.0.1:9"  # only AWS's runtime client would ask there
HEADINGS = ("", "CPU", "bare boto3", "ratio", "same services", "ratio", "memory", "bare boto3", "ratio", "met")


class Measured(NamedTuple):
    """A function's cold start, and bare boto3's: with one of the function's services, and with all of them."""

    name: str
    ours: Usage
    one: Usage
    all: Usage

    @property
    def cpu(self) -> float:
        """How many times the CPU time of bare boto3 with one service."""
        return self.ours.cpu / self.one.cpu

    @property
    def memory(self) -> float:
        """How many times the memory of bare boto3 with one service."""
        return self.ours.memory / self.one.memory


def measure(sandbox: Sandbox) -> Report:
    """Start every deployed function anew and call it once."""
    calls = FirstCalls(sandbox)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = [_measure(sandbox, calls, one, Path(folder)) for one in calls.functions]
    measured.sort(key=lambda one: one.cpu)
    worst = max(max(one.cpu, one.memory) for one in measured)
    notes = [
        f"Worst ratio of all: {times(worst)}; aim: ≤ {AIM:g} x. Medians of {ROUNDS} processes each, in turn.",
        "CPU is user and system time, memory the resident peak. Bare boto3: import it, make a client of the function's",
        "first service, call it once. Same services: that for each service of the function. All with cached bytecode.",
    ]
    return Report("3. Import and first call in a fresh process", HEADINGS, [_row(one) for one in measured], notes)


def _measure(sandbox: Sandbox, calls: FirstCalls, function: FunctionConfig, folder: Path) -> Measured:
    imports = function.unpack(folder)
    environment = function.environment(NO_RUNTIME, imports, ADMIN_ACCESS_KEY, sandbox.environment)
    bare = calls.bare(function)
    rounds = [
        [Program(text, environment, imports[0]) for text in (calls.program(function), bare[0], "\n".join(bare))]
        for _ in range(ROUNDS + 1)
    ]
    ours, one, every = usage.compare(rounds)
    return Measured(function.name, ours, one, every)


def _row(one: Measured) -> Row:
    met = YES if round(max(one.cpu, one.memory), 2) <= AIM else NO
    cpu = (milliseconds(one.ours.cpu), milliseconds(one.one.cpu), times(one.cpu))
    same = (milliseconds(one.all.cpu), times(one.ours.cpu / one.all.cpu))
    return (one.name, *cpu, *same, megabytes(one.ours.memory), megabytes(one.one.memory), times(one.memory), met)
