"""Whether the audit of a large account stays within its time and its payload, and reads all of it."""

import json
import os
import subprocess
import sys
import time
from typing import Any

from rich.console import Console

from bench.history import History
from bench.report import NO, YES, Report, Row, seconds, show, size
from bench.rounds import LATENCY
from bench.usage import ROOT
from sandbox import audit
from sandbox.cloud import Sandbox
from sandbox.untyped import Client
from sandbox.watch import executions
from statemachines import load
from statemachines.model import AUDIT

SERVICE = load.services()[audit.SERVICE]
CROWD = {"users": 500, "roles": 300, "queues": 200, "log groups": 400, "databases": 100}
LIMIT = 262_144
CUT = (
    "there is more than could be read",
    "il y en a plus que ce qui a pu être lu",
)  # as functions/core/listed.py tells it
HEADINGS = ("", "seconds", "largest payload", "looks", "cut short")
HERE = (
    "from cli import audit_report, audit; import pathlib; audit_report.FOLDER = pathlib.Path({folder!r}); audit.main()"
)


def measure() -> Report:
    """Run the deployed audit on the sandbox's small account and on a large one, and once from here."""
    with Sandbox.start(service=SERVICE.name) as sandbox:
        sandbox.deploy(SERVICE.name)
        audit.run(sandbox)  # the functions are warm then
        sandbox.latency = LATENCY
        small = _deployed(sandbox, "a small account")
        sandbox.latency = 0
        _grow(sandbox)
        sandbox.latency = LATENCY
        rows = [small, _deployed(sandbox, f"{', '.join(f'{count} {what}' for what, count in CROWD.items())}")]
        rows.append(_here(sandbox, "the same with make audit PROFILE=…"))
    notes = [
        f"{LATENCY * 1000:.0f} ms more for every API call; what moto takes to answer is in it. Five checks at a time",
        f"deployed, eight from here. A check reads for 60 s at most; AWS refuses a state of more than {LIMIT:,} B.",
    ]
    return Report("10. Audit of a large account", HEADINGS, rows, notes)


def _deployed(sandbox: Sandbox, what: str) -> Row:
    started = time.monotonic()
    answer = audit.run(sandbox)
    took = time.monotonic() - started
    execution = executions(sandbox, SERVICE.state_machine_arn(AUDIT))[0]
    report = audit.kept(sandbox, answer)
    return (
        what,
        seconds(took),
        size(History.read(sandbox, execution).largest),
        f"{len(report.seen)}",
        _cut(report.seen),
    )


def _here(sandbox: Sandbox, what: str) -> Row:
    folder = ROOT / "build" / "bench-audit"
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", HERE.format(folder=str(folder))],
        env=os.environ | sandbox.environment,
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    took = time.monotonic() - started
    seen = json.loads((folder / f"{SERVICE.name}.json").read_text())["seen"]
    return (what, seconds(took), "", f"{len(seen)}", _cut(seen))


def _cut(seen: dict[str, str]) -> str:
    """Name what says that there is more, as functions/core/listed.py does in either language."""
    cut = [name for name, summary in seen.items() if any(text in summary for text in CUT)]
    return f"{YES}: {', '.join(cut)}" if cut else NO


def _grow(sandbox: Sandbox) -> None:
    """Add as many of each as there should be."""
    for what, count in CROWD.items():
        make = _makers(sandbox)[what]
        for number in range(count):
            make(f"huntaze-{what.replace(' ', '-')}-{number:03}")


def _makers(sandbox: Sandbox) -> dict[str, Any]:
    iam, sqs, logs, rds = (sandbox.client(service) for service in ("iam", "sqs", "logs", "rds"))
    return {
        "users": lambda name: _user(iam, name),
        "roles": lambda name: iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}"),
        "queues": lambda name: sqs.create_queue(QueueName=name),
        "log groups": lambda name: logs.create_log_group(logGroupName=name),
        "databases": lambda name: rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro", AllocatedStorage=20
        ),
    }


def _user(iam: Client, name: str) -> None:
    iam.create_user(UserName=name)
    iam.create_access_key(UserName=name)
    iam.create_login_profile(UserName=name, Password="not-for-findings-1")  # noqa: S106 (nobody's)


if __name__ == "__main__":
    show(Console(width=140, highlight=False), measure())
