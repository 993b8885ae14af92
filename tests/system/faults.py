"""One incident under faults: played to its end by people who answer, and what it has left behind."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from functions.core import occasions
from functions.workflow import target_lock
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents, let_hours_pass
from sandbox.faults import Fault
from sandbox.watch import run_out
from sandbox.world import World
from statemachines import load
from statemachines.compile import compiled
from tests.system.run import RUNBOOK, SERVICE, Run, stop_executions

Scenario = Literal["repair", "silence", "no effect"]
INCIDENT, FIX = "closed-port", "open_security_group_port"
LONGEST, SETTLING = 60.0, 10.0
RULES = ("alarm", "ecs-task-stopped", "ecs-deployment-failed")


@dataclass(frozen=True)
class Trial:
    """Faults for one incident.

    scenario: approved at once; approved after a reminder; or approved, and the change has no effect.
    clocks: see sandbox.faults.
    """

    where: str
    what: str
    faults: tuple[Fault, ...]
    scenario: Scenario = "repair"
    clocks: dict[str, float] = field(default_factory=dict)


class Left(NamedTuple):
    """How it ended: what the faults struck, the outcome, how people were told, and what should not be there."""

    struck: list[str]
    outcome: str
    told: str
    behind: list[str]


@contextlib.contextmanager
def by_hand_only(sandbox: Sandbox) -> Iterator[None]:
    """Let no event start a runbook of its own."""
    events = sandbox.client("events")
    for rule in RULES:
        events.disable_rule(Name=f"{SERVICE.name}-{rule}")
    yield
    for rule in RULES:
        events.enable_rule(Name=f"{SERVICE.name}-{rule}")


def play(sandbox: Sandbox, trial: Trial) -> Left:
    """Break the healthy world, start the runbook, answer, wait for the end, and look at what is left."""
    _forget(sandbox)
    sandbox.world.heal()
    right = configuration(sandbox.world)
    sandbox.world.break_(INCIDENT, persistent=trial.scenario == "no effect")
    sandbox.world.wait_until(lambda: not sandbox.world.healthy(), SETTLING)
    wrong = configuration(sandbox.world)
    with _clocks(sandbox, trial.clocks), sandbox.faults.inject(*trial.faults) as struck:
        run = Run.by_hand(sandbox)
        _answer(sandbox, run, trial.scenario)
    behind = _behind(run, wrong, right)
    until = time.monotonic() + SETTLING
    while behind and time.monotonic() < until:
        time.sleep(0.2)
        behind = _behind(run, wrong, right)
    stop_executions(sandbox)
    return Left(list(struck), _outcome(run), _told(run), behind)


def _forget(sandbox: Sandbox) -> None:
    """Let nothing that one trial has left behind spoil the next."""
    let_hours_pass(sandbox, SERVICE.name)
    table = incidents(sandbox, SERVICE.name)
    target_lock.release(table, SERVICE.name, (table.get(f"target#{SERVICE.name}", "lock") or {}).get("holder", ""))


@contextlib.contextmanager
def _clocks(sandbox: Sandbox, clocks: dict[str, float]) -> Iterator[None]:
    if not clocks:
        yield
        return
    sandbox.faults.clocks = clocks
    sandbox.cold()
    yield
    sandbox.faults.clocks = {}
    sandbox.cold()


def configuration(world: World) -> str:
    """Return everything about the service that a fix could change, as text to compare."""
    ports = world.aws("ec2").describe_security_groups(GroupIds=[world.names.task_security_group])
    service = world.aws("ecs").describe_services(cluster=world.names.cluster, services=[world.names.ecs_service])
    group = world.aws("elbv2").describe_target_groups(TargetGroupArns=[world.names.target_group])["TargetGroups"][0]
    shown = {
        "ports": ports["SecurityGroups"][0]["IpPermissions"],
        "service": {name: service["services"][0][name] for name in ("status", "desiredCount", "loadBalancers")},
        "probe": {name: value for name, value in group.items() if name.startswith(("HealthCheck", "Matcher"))},
    }
    return json.dumps(shown, sort_keys=True)


def _answer(sandbox: Sandbox, run: Run, scenario: Scenario) -> None:
    """Approve every question once its mail has come, in silence the second time that it is asked."""
    silent, answered = scenario == "silence", set[str]()
    until = time.monotonic() + LONGEST
    while _status(run) == "RUNNING" and time.monotonic() < until:
        links = [link for link in run.links(SERVICE.approval.levels[0].approvers[0]) if link not in answered]
        if links and silent:
            with contextlib.suppress(LookupError):
                run_out(sandbox, run.execution)
                silent = False
                answered.add(links[0])
        elif links:
            approver.decide(links[0], "approve")
            answered.add(links[0])
        time.sleep(0.1)


def _behind(run: Run, wrong: str, right: str) -> list[str]:
    table, everything = incidents(run.sandbox, SERVICE.name), run.everything
    record = everything.get("record", {})
    questions = [one for name, one in everything.items() if name.startswith("approval#")]
    changes = [one for name, one in everything.items() if name.startswith("change#")]
    now = configuration(run.sandbox.world)
    lock = table.get(f"target#{SERVICE.name}", "lock") or {}
    holder = occasions.holder(table, compiled(SERVICE, load.runbooks()[RUNBOOK]))
    problems = {
        "the execution runs": _status(run) == "RUNNING",
        "neither as it was nor as approved": now not in (wrong, right),
        "changed without an approval": now != wrong and not any(one["state"] == "approved" for one in questions),
        "changed without a record of it": now != wrong and not changes,
        "locked": lock.get("holder") == run.incident,
        "claimed": holder == run.incident,
        "a question is open": any(one["state"] == "pending" for one in questions),
        "the record is open": bool(record) and record["state"] != "closed",
        "no record": not record and _status(run) != "FAILED",
        "nobody was told": not _told(run),
    }
    return [problem for problem, there in problems.items() if there]


def _told(run: Run) -> str:
    mails = [mail for to in SERVICE.approvers for mail in run.mails(to) if not approver.LINK.search(mail.body)]
    ways = {"mail": mails, "alarm": _status(run) == "FAILED"}  # on the executions that failed
    return "+".join(way for way, there in ways.items() if there)


def _outcome(run: Run) -> str:
    status = _status(run)
    return f"{run.record.get('outcome', '-')}{'' if status == 'SUCCEEDED' else f', {status}'}"


def _status(run: Run) -> str:
    told: Any = run.sandbox.client("stepfunctions").describe_execution(executionArn=run.execution)
    return str(told["status"])
