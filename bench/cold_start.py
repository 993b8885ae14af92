"""What a function's cold start costs beside the least that a boto3 program costs: import and first call."""

import tempfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bench import bare, usage
from bench.first_calls import FirstCalls
from bench.incident import MACHINE, SERVICE
from bench.report import NO, YES, Report, Row, megabytes, milliseconds, times
from bench.usage import Program, Usage
from functions.core import catalogue
from functions.core.function import Function
from sandbox.account import ADMIN_ACCESS_KEY
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.lambda_functions import config, deployed

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
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        starts = _ColdStarts(sandbox, Path(folder))
        measured = [starts.measure(name, function) for name, function in _deployed(sandbox).items()]
        starts.first.forget()
    measured.sort(key=lambda one: one.cpu)
    worst = max(max(one.cpu, one.memory) for one in measured)
    notes = [
        f"Worst ratio of all: {times(worst)}; aim: ≤ {AIM:g} x. Medians of {ROUNDS} processes each, in turn.",
        "CPU is user and system time, memory the resident peak. Bare boto3: import it, make a client of the function's",
        "first service, call it once. Same services: that for each service of the function. All with cached bytecode.",
    ]
    return Report("3. Import and first call in a fresh process", HEADINGS, [_row(one) for one in measured], notes)


def _deployed(sandbox: Sandbox) -> dict[str, Function]:
    """Return our handlers by the names of their functions on AWS."""
    ours: list[Function] = [
        *catalogue.checks().values(),
        *catalogue.fixes().values(),
        *catalogue.steps().values(),
    ]
    handlers = {one.entry: one for one in ours}
    pages = sandbox.client("lambda").get_paginator("list_functions").paginate()
    functions = chain.from_iterable(page["Functions"] for page in pages)
    return {one["FunctionName"]: handlers[one["Handler"]] for one in functions if one["Handler"] in handlers}


class _ColdStarts:
    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        table = incidents(sandbox, SERVICE)
        self.sandbox, self.folder = sandbox, folder
        self.first = FirstCalls(table, _facts(sandbox))
        self.calls = bare.calls(sandbox, table.table, MACHINE)

    def measure(self, name: str, function: Function) -> Measured:
        settings = config(deployed(name))
        imports = settings.unpack(self.folder)
        environment = settings.environment(NO_RUNTIME, imports, ADMIN_ACCESS_KEY, self.sandbox.environment)
        others = bare.programs(function, self.calls)
        plain = {name: value for name, value in environment.items() if name not in settings.variables}
        rounds = (
            [Program(self.first.program(function), environment, imports[0])]
            + [Program(text, plain, imports[0]) for text in (others[0], "\n".join(others))]
            for _ in range(ROUNDS + 1)
        )
        ours, one, every = usage.compare(rounds)
        return Measured(name, ours, one, every)


def _facts(sandbox: Sandbox) -> dict[str, str]:
    """Find what fixes are given: the certificate in use, the newest revision and the newest tag."""
    names = sandbox.world.names
    (listener,) = sandbox.client("elbv2").describe_listeners(LoadBalancerArn=names.load_balancer)["Listeners"]
    revisions = sandbox.client("ecs").list_task_definitions(sort="DESC")["taskDefinitionArns"]
    images = sandbox.client("ecr").list_images(repositoryName=names.repository)["imageIds"]
    return {
        "listener.usable": listener["Certificates"][0]["CertificateArn"],
        "definition.newest_revision": revisions[0],
        "registry.newest_tag": images[-1]["imageTag"],
    }


def _row(one: Measured) -> Row:
    met = YES if round(max(one.cpu, one.memory), 2) <= AIM else NO
    cpu = (milliseconds(one.ours.cpu), milliseconds(one.one.cpu), times(one.cpu))
    same = (milliseconds(one.all.cpu), times(one.ours.cpu / one.all.cpu))
    return (one.name, *cpu, *same, megabytes(one.ours.memory), megabytes(one.one.memory), times(one.memory), met)
