"""The audit, watched: `make audit`. INCIDENT is what is wrong in the account: "databases-public+mail-sandbox"."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import audit_report
from functions.core import published
from functions.core.audited import looks
from functions.core.readiness import Report
from sandbox.cloud import Sandbox
from sandbox.incidents import BY_SERVICE
from sandbox.mailbox import Mail
from sandbox.watch import follow
from statemachines import load
from statemachines.model import AUDIT, AuditUse, Service

SERVICE = "huntaze"
WRONG = "databases-short-retention+access_keys-old-keys+mail-sandbox"  # where nobody chooses
MAIL_SECONDS = 30
console = Console(highlight=False)


def main() -> int:
    """Deploy, run the audit once on a good account and once on one where something is wrong, and show what it says."""
    wrong = os.environ.get("INCIDENT") or WRONG
    unknown = [name for name in wrong.split("+") if name not in BY_SERVICE[SERVICE]]
    if unknown:
        console.print(f"{SERVICE} has no incident {', '.join(unknown)}. There are: {', '.join(BY_SERVICE[SERVICE])}.")
        return 2
    with Sandbox.start(service=SERVICE) as sandbox:
        console.print(f"Sandbox on {sandbox.endpoint}, mailbox on {sandbox.mailbox.address}")
        console.print(f"Deploying {SERVICE} with the CDK CLI …")
        sandbox.deploy(SERVICE)
        run(sandbox, shown=True)
        console.print(f"Somebody changes the account: {wrong}")
        sandbox.system(SERVICE).break_(wrong)
        answer = run(sandbox, shown=True)
        console.print(_mail(sandbox, answer).body)
        audit_report.show(kept(sandbox, answer), save(sandbox, answer))
    return 0


def run(sandbox: Sandbox, given: dict[str, Any] | None = None, *, shown: bool = False) -> dict[str, Any]:
    """Run the deployed audit once, and return what it answers.

    Raises:
        RuntimeError: where it failed.
    """
    service = load.services()[SERVICE]
    use = used(service)
    machine = service.state_machine_arn(AUDIT)
    client = sandbox.client("stepfunctions")
    started = client.start_execution(stateMachineArn=machine, input=json.dumps(given or {"mail": True}))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, disable=not shown) as progress:
        names = looks(service, load.audits()[use.audit], use.regions)
        bar = progress.add_task("Looking", total=len(names))
        for seen in follow(sandbox, started["executionArn"]):
            if seen.kind == "left" and seen.state.removeprefix("Check ") in names:
                progress.update(bar, advance=1, description=f"{seen.state.removeprefix('Check '):32}")
    ended = client.describe_execution(executionArn=started["executionArn"])
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"The audit {ended['status']}: {ended.get('cause', '')}")
    answer: dict[str, Any] = json.loads(ended["output"])
    return answer


def used(service: Service) -> AuditUse:
    """Return how a service uses its audit; raises LookupError where it has none."""
    if service.audit is None:
        raise LookupError(f"{service.name} uses no audit")
    return service.audit


def kept(sandbox: Sandbox, answer: dict[str, Any]) -> Report:
    """Read the report that an audit has kept last."""
    return Report.model_validate_json(pages(sandbox, answer)["json"])


def save(sandbox: Sandbox, answer: dict[str, Any]) -> Path:
    """Write the report that an audit has kept last to this machine as it is, and return the page."""
    return audit_report.write(load.services()[answer["service"]], pages(sandbox, answer))


def pages(sandbox: Sandbox, answer: dict[str, Any]) -> dict[str, str]:
    """Read the report that an audit has kept last in each form, by its file's ending."""
    service, s3 = load.services()[answer["service"]], sandbox.client("s3")
    files = {ending: f"{used(service).audit}.{ending}" for ending in published.TYPES}
    found = {ending: s3.get_object(Bucket=service.audits_bucket, Key=file) for ending, file in files.items()}
    return {ending: object_["Body"].read().decode() for ending, object_ in found.items()}


def _mail(sandbox: Sandbox, answer: dict[str, Any]) -> Mail:
    return sandbox.mailbox.wait_for(lambda one: answer["link"] in one.body, MAIL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
