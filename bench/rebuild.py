"""What it costs to wait for a deployment of some twenty minutes: state transitions, not functions that wait."""

import json
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from bench import price
from bench.history import Call, History
from bench.report import NO, YES, Report, Row, dollars
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.speed import SPEED
from sandbox.watch import follow
from statemachines import load

if TYPE_CHECKING:
    from sandbox.harena import Harena

SERVICE, RUNBOOK, FIX = "harena", "verified_deploy", "deploy_commit"
MAIL_SECONDS = 60
AIM = 60  # seconds of Lambda for every hour of waiting


def measure() -> Report:
    """Deploy a commit on a sandbox of its own, and price the states between its command's start and its end."""
    with Sandbox.start(service=SERVICE) as sandbox:
        sandbox.deploy(SERVICE)
        memory = price.memory(sandbox)
        history = _deployed(sandbox)
    waited = _while_it_runs(history)
    first, last = (_at(waited.events[index]) for index in (0, -1))
    took, calls = (last - first).total_seconds() * SPEED, waited.calls
    busy, aim = sum(call.seconds for call in calls), AIM * took / 3600
    rows: list[Row] = [
        ("the deployment takes, on AWS's clock", f"{took / 60:.0f} min"),
        (f"{waited.transitions} state transitions meanwhile", dollars(waited.transitions * price.TRANSITION)),
        (f"{len(calls)} Lambda requests", dollars(len(calls) * price.REQUEST)),
        (
            f"{busy:.1f} s of Lambda",
            dollars(price.compute(calls, memory)),
            f"≤ {aim:.0f} s",
            YES if busy <= aim else NO,
        ),
        (f"a function that waited: {took:.0f} s", dollars(price.compute([Call(calls[0].function, took)], memory))),
    ]
    notes = [
        "Harena's verified deployment, seven images without a cache. The sandbox's host works sixty times as fast as a",
        "real one; states and calls are as many as on AWS. No function may wait longer than 900 s there.",
    ]
    return Report("9. Waiting for a deployment", ("", "measured", "aim", "met"), rows, notes)


def _deployed(sandbox: Sandbox) -> History:
    cast("Harena", sandbox.system(SERVICE)).repository.publish({"README.md": "The next release.\n"}, "v6.1.0")
    machine = load.services()[SERVICE].state_machine_arn(RUNBOOK)
    execution = sandbox.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps({}))
    mail = sandbox.mailbox.wait_for(lambda one: "/incidents/" in one.body, MAIL_SECONDS)
    approver.decide(approver.LINK.findall(mail.body)[0], "approve")
    for _ in follow(sandbox, execution["executionArn"]):
        pass
    return History.read(sandbox, execution["executionArn"])


def _while_it_runs(history: History) -> History:
    """Cut out what happens from the fix's first call until the chain goes on to the next one."""
    names = [(event.get("stateEnteredEventDetails") or {}).get("name", "") for event in history.events]
    start = names.index(f"Fix {FIX}")
    rest = list(takewhile(lambda number: names[number] != "Next fix", range(start, len(names))))
    return History([history.events[number] for number in rest])


def _at(event: dict[str, Any]) -> datetime:
    at: datetime = event["timestamp"]
    return at
