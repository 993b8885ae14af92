"""The main job, watched: a service breaks at night, and is well again because somebody pressed a button.

Run by `make demo`; `INCIDENT` chooses what breaks, `APPROVE=yes` presses the button.
"""

import argparse
import os
import re
import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from functions.core.diagnosis import Diagnosis
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.incidents import INCIDENTS
from sandbox.mailbox import Mail
from sandbox.watch import Seen, executions, follow, next_execution
from statemachines import load

SERVICE, DEFAULT = "ganopa-bot", "closed-port"
CALM_SECONDS, ALARM_SECONDS, MAIL_SECONDS = 60, 60, 30
LOOKS = re.compile(r"^(Check|Recheck|Validate|Await) ([a-z_]+)(: unknown)?$")
MARKS = {"confirmed": "[red]●[/]", "possible": "[yellow]○[/]", "ruled out": "[dim]·[/]"}
QUIET = {
    "Accepted?",
    "What now?",
    "Decided?",
    "Still the same?",
    "Next fix",
    "Next undo",
    "Verdict?",
    "Tell anyone?",
    "Failed?",
    "Has it come?",
}
console = Console(highlight=False)


def main() -> int:
    """List the incidents, or play one; the exit status is 0 only when the service really recovered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="list what can be broken")
    arguments = parser.parse_args()
    if arguments.list:
        return _list()
    name = os.environ.get("INCIDENT") or DEFAULT
    if name not in INCIDENTS:
        console.print(f"There is no incident {name}. There are: {', '.join(INCIDENTS)}.")
        return 2
    approve = os.environ.get("APPROVE") == "yes" or not sys.stdin.isatty()
    with Sandbox.start() as sandbox:
        return Demo(sandbox, approve=approve).play(name)


def _list() -> int:
    table = Table(box=None, pad_edge=False)
    for heading in ("INCIDENT", "what breaks", "runbook", "repaired by"):
        table.add_column(heading)
    for name, incident in INCIDENTS.items():
        table.add_row(name, incident.title, incident.runbook, incident.fix or "a person")
    console.print(table)
    return 0


class Demo:
    """One incident, from the healthy service to the report."""

    def __init__(self, sandbox: Sandbox, *, approve: bool) -> None:
        """Watch a sandbox; `approve` presses the button instead of waiting for a person."""
        self.sandbox = sandbox
        self.approve = approve
        self.shown: list[Mail] = []
        self.service = load.services()[SERVICE]
        self.started = time.monotonic()

    def play(self, name: str) -> int:
        """Deploy, break, watch, decide, and look whether the world is well again."""
        self._say(f"Sandbox on {self.sandbox.endpoint}, mailbox on {self.sandbox.mailbox.address}")
        self._say(f"Deploying {SERVICE} with the CDK CLI …")
        self.sandbox.deploy(SERVICE)
        incident, world = INCIDENTS[name], self.sandbox.world
        machine = self.service.state_machine_arn(incident.runbook)
        world.wait_until(lambda: world.healthy() and not executions(self.sandbox, machine, ended=False), CALM_SECONDS)
        self._say("The service answers; everything is well.")
        known = executions(self.sandbox, machine)
        world.break_(name)
        self._say(f"[bold]Incident:[/] {incident.title}.")
        if self.service.runbooks[incident.runbook].alarms and not incident.unnoticed:
            self._say("Waiting for the alarm …")
            self._watch(next_execution(self.sandbox, machine, ALARM_SECONDS, known))
        else:
            self._by_hand(machine, f"Somebody has noticed. An engineer starts {incident.runbook} in the console: {{}}")
        if incident.fix and not self.shown:
            self._by_hand(machine, "The evidence has changed since. An engineer starts it again, as the mail says: {}")
        return self._end(name)

    def _by_hand(self, machine: str, why: str) -> None:
        self._say(why)
        started = self.sandbox.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")
        self._watch(started["executionArn"])

    def _watch(self, execution: str) -> None:
        incident = execution.rpartition(":")[2]
        self._say(f"Started: {incident}")
        for seen in follow(self.sandbox, execution):
            self._show(seen, incident)

    def _end(self, name: str) -> int:
        well = self.sandbox.world.healthy()
        if well:
            self._say("[bold green]The service has recovered.[/]")
        elif INCIDENTS[name].fix is None:
            self._say("[bold yellow]This one needs a person; the mail above says what to do.[/]")
        else:
            self._say("[bold red]The service has not recovered.[/]")
        return 0 if well else 1

    def _show(self, seen: Seen, incident: str) -> None:
        look = LOOKS.match(seen.state)
        if seen.kind == "left" and look:
            self._finding(look[2], seen.output[look[2]])
        elif seen.kind == "left" and seen.state == "Conclude":
            self._diagnosis(incident)
        elif seen.kind == "entered" and seen.state == "Ask for approval":
            self._decision(incident)
        elif seen.kind == "entered" and not look and seen.state not in QUIET:
            self._say(f"[bold]{seen.state}[/]")
        if seen.kind == "left" and seen.state == "Close":
            console.print(Panel(escape("\n".join(seen.output["timeline"])), title=f"Report: {seen.output['outcome']}"))
        if seen.kind == "left" and seen.state == "Escalate":
            self._mail("A besoin de vous", incident)

    def _finding(self, name: str, finding: dict[str, Any]) -> None:
        if "signals" not in finding:
            console.print(f"         [yellow]?[/] {name}: unknown")
            return
        wrong = [signal for signal, answer in finding["signals"].items() if answer]
        mark = "[red]✗[/]" if wrong else "[green]✓[/]"
        console.print(f"         {mark} {name}: {escape(finding['summary'])}", soft_wrap=True)
        for signal in wrong:
            console.print(f"             [red]{signal}[/]")

    def _diagnosis(self, incident: str) -> None:
        record = incidents(self.sandbox, SERVICE).get(incident) or {}
        diagnosis = Diagnosis.model_validate_json(record["diagnosis"])
        for cause in diagnosis.causes:
            console.print(f"         {MARKS[cause.standing]} [bold]{cause.standing}: {escape(cause.title)}[/]")
            lines = cause.opposing[:1] if cause.standing == "ruled out" else [*cause.supporting, *cause.unknown]
            for line in lines:
                console.print(f"             [dim]{escape(line)}[/]", soft_wrap=True)

    def _decision(self, incident: str) -> None:
        mail = self._mail("A decider", incident)
        link = re.findall(r"http\S+/incidents/\S+", mail.body)[0]
        if self.approve:
            page = approver.decide(link, "approve")
            self._say(f"Approved through the link in the mail ({page.status}).")
        else:
            self._say(f"Waiting for your decision: open [link={link}]{link}[/link] and press a button.")

    def _mail(self, subject: str, incident: str) -> Mail:
        to = self.service.approval.levels[0].approvers[0]

        def new(one: Mail) -> bool:
            return one.to == to and subject in one.subject and incident in one.body and one not in self.shown

        wanted = self.sandbox.mailbox.wait_for(new, MAIL_SECONDS)
        self.shown.append(wanted)
        console.print(Panel(escape(wanted.body), title=escape(wanted.subject), subtitle=f"to {wanted.to}"))
        return wanted

    def _say(self, text: str) -> None:
        console.print(f"[dim]{time.monotonic() - self.started:6.1f} s[/] {text}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
