"""The main job, watched: a service breaks at night, and is well again because somebody pressed a button.

Run by `make demo`; `SERVICE` and `INCIDENT` choose what breaks, `APPROVE=yes` presses the button.
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

from functions.core.approval import Approval
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Incidents
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.incidents import BY_SERVICE, Incident, find
from sandbox.mailbox import Mail
from sandbox.systems import DEFAULT
from sandbox.watch import Seen, executions, follow, next_execution
from statemachines import load
from statemachines.model import AUDIT, WATCH, Service

FIRST = {"ganopa-bot": "closed-port", "harena": "localhost-port", "huntaze": "app-database"}  # where nobody chooses
CALM_SECONDS, ALARM_SECONDS, MAIL_SECONDS = 60, 60, 30
LOOKS = re.compile(r"^(Check|Recheck|Validate|Await) ([a-z_]+)(: unknown)?$")
AGAIN = {"Validate", "Await"}  # looks that are made until something changes: only that is shown
MARKS = {"confirmed": "[red]●[/]", "possible": "[yellow]○[/]", "ruled out": "[dim]·[/]"}
QUIET = re.compile(
    r"Accepted\?|What now\?|Decided\?|Still the same\?|Next (fix|undo)|Judge|Verdict\?|Tell anyone\?|Failed\?|"
    r"Has it come\?|Validate|(Done\?|Keep lock:) .*"
)
LONG = re.compile(r"Wait: (.*)")  # for a command that goes on
console = Console(highlight=False)


def main() -> int:
    """List the incidents, or play one; the exit status is 0 only when the service really recovered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="list what can be broken")
    arguments = parser.parse_args()
    if arguments.list:
        return _list()
    service = os.environ.get("SERVICE") or DEFAULT
    if service not in BY_SERVICE:
        console.print(f"The sandbox has no service {service}. There are: {', '.join(BY_SERVICE)}.")
        return 2
    name = os.environ.get("INCIDENT") or FIRST[service]
    if name not in BY_SERVICE[service]:
        console.print(f"{service} has no incident {name}. There are: {', '.join(BY_SERVICE[service])}.")
        return 2
    if BY_SERVICE[service][name].runbook == AUDIT:
        console.print(f"{name} is what the audit of {service} finds: make audit INCIDENT={name}")
        return 2
    approve = os.environ.get("APPROVE") == "yes" or not sys.stdin.isatty()
    with Sandbox.start(service=service) as sandbox:
        return Demo(sandbox, service, approve=approve).play(name)


def _list() -> int:
    table = Table(box=None, pad_edge=False)
    for heading in ("SERVICE", "INCIDENT", "what breaks", "runbook", "repaired by"):
        table.add_column(heading)
    for service, incidents_ in BY_SERVICE.items():
        for name, incident in incidents_.items():
            table.add_row(service, name, incident.title, incident.runbook, incident.fix or "a person")
    console.print(table)
    return 0


def rings(service: Service, incident: Incident[Any]) -> bool:
    """Say whether an alarm tells of an incident by itself; of the watch's, nobody wants to wait for the schedule."""
    alarms = [one for one in service.runbooks[incident.runbook].alarms if one.kind != WATCH]
    return bool(alarms) and not incident.unnoticed


class Demo:
    """One incident, from the healthy service to the report."""

    def __init__(self, sandbox: Sandbox, service: str, *, approve: bool) -> None:
        """Watch the system of a service; `approve` presses the button instead of waiting for a person."""
        self.sandbox = sandbox
        self.approve = approve
        self.shown: list[Mail] = []
        self.going_on = self.last = ""
        self.found: dict[str, Any] = {}
        self.service = load.services()[service]
        self.system = sandbox.system(service)
        self.started = time.monotonic()

    def play(self, name: str) -> int:
        """Deploy, break, watch, decide, and look whether the world is well again."""
        self._say(f"Sandbox on {self.sandbox.endpoint}, mailbox on {self.sandbox.mailbox.address}")
        self._say(f"Deploying {self.service.name} with the CDK CLI …")
        self.sandbox.deploy(self.service.name)
        incident, system = find(name, self.service.name), self.system
        machine = self.service.state_machine_arn(incident.runbook)
        system.wait_until(lambda: system.healthy() and not executions(self.sandbox, machine, ended=False), CALM_SECONDS)
        self._say("The service answers; everything is well.")
        known = executions(self.sandbox, machine)
        system.break_(name)
        self._say(f"[bold]Incident:[/] {incident.title}.")
        if rings(self.service, incident):
            self._say("Waiting for the alarm …")
            self._watch(next_execution(self.sandbox, machine, ALARM_SECONDS, known))
        else:
            self._by_hand(machine, f"Somebody has noticed. An engineer starts {incident.runbook} in the console: {{}}")
        if incident.fix and not self.shown:
            self._by_hand(machine, "The evidence has changed since. An engineer starts it again, as the mail says: {}")
        return self._end(name)

    @property
    def _table(self) -> Incidents:
        return incidents(self.sandbox, self.service.name)

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
        well = self.system.healthy()
        if well:
            self._say("[bold green]The service has recovered.[/]")
        elif find(name, self.service.name).fix is None:
            self._say("[bold yellow]This one needs a person; what to do is said above.[/]")
        else:
            self._say("[bold red]The service has not recovered.[/]")
        return 0 if well else 1

    def _show(self, seen: Seen, incident: str) -> None:
        look = LOOKS.match(seen.state)
        if seen.kind == "left" and look:
            self._finding(look[1], look[2], seen.output[look[2]])
        elif seen.kind == "left" and seen.state == "Conclude":
            self._diagnosis(incident)
        elif seen.kind == "entered" and seen.state == "Ask for approval":
            self._decision(incident)
        elif seen.kind == "entered" and not look:
            self._step(seen.state)
        if seen.kind == "left" and seen.state == "Close":
            told = [*seen.output["timeline"], *seen.output.get("todo", [])]
            console.print(Panel(escape("\n".join(told)), title=f"Report: {seen.output['outcome']}"))
        if seen.kind == "left" and seen.state == "Escalate":
            self._mail("A besoin de vous", incident)

    def _step(self, state: str) -> None:
        """Show a state that was entered; what goes on once, however often the chain looks whether it does."""
        if state.startswith("Next "):
            self.going_on = ""
        long = LONG.fullmatch(state)
        if QUIET.fullmatch(state) or state == self.last or (long is None and state == self.going_on):
            return
        self.last = state
        if long is None:
            self.going_on = ""
            self._say(f"[bold]{state}[/]")
        elif self.going_on != long[1]:
            self.going_on = long[1]
            self._say("It takes a while; the chain looks from time to time whether it is done …")

    def _finding(self, verb: str, name: str, finding: dict[str, Any]) -> None:
        if verb in AGAIN and self.found.get(name) == finding.get("signals"):
            return
        self.found[name], self.last = finding.get("signals"), ""
        if "signals" not in finding:
            console.print(f"         [yellow]?[/] {name}: unknown")
            return
        wrong = [signal for signal, answer in finding["signals"].items() if answer]
        mark = "[red]✗[/]" if wrong else "[green]✓[/]"
        console.print(f"         {mark} {name}: {escape(finding['summary'])}", soft_wrap=True)
        for signal in wrong:
            console.print(f"             [red]{signal}[/]")

    def _diagnosis(self, incident: str) -> None:
        record = self._table.get(incident) or {}
        diagnosis = Diagnosis.model_validate_json(record["diagnosis"])
        for cause in diagnosis.causes:
            console.print(f"         {MARKS[cause.standing]} [bold]{cause.standing}: {escape(cause.title)}[/]")
            lines = cause.opposing[:1] if cause.standing == "ruled out" else [*cause.supporting, *cause.unknown]
            for line in lines:
                console.print(f"             [dim]{escape(line)}[/]", soft_wrap=True)

    def _decision(self, incident: str) -> None:
        """Let as many people approve as it needs, each through the link in a mail of their own."""
        mail = self._mail("A decider", incident)
        for to in self.service.approval.levels[0].approvers[: self._needed(incident)]:
            link = approver.LINK.findall(self._new(to, "A decider", incident).body if to != mail.to else mail.body)[0]
            if self.approve:
                page = approver.decide(link, "approve", service=self.service.name)
                self._say(f"Approved by {to} through the link in the mail ({page.status}).")
            else:
                self._say(f"Waiting for the decision of {to}: open [link={link}]{link}[/link] and press a button.")

    def _needed(self, incident: str) -> int:
        """Return how many people have to approve what is asked now."""
        asked = [Approval.model_validate(one) for one in self._table.history(incident, "approval#")]
        return next(one.needed for one in asked if one.state == "pending")

    def _mail(self, subject: str, incident: str) -> Mail:
        wanted = self._new(self.service.approval.levels[0].approvers[0], subject, incident)
        console.print(Panel(escape(wanted.body), title=escape(wanted.subject), subtitle=f"to {wanted.to}"))
        return wanted

    def _new(self, to: str, subject: str, incident: str) -> Mail:
        """Wait for somebody's next mail about an incident."""

        def new(one: Mail) -> bool:
            return one.to == to and subject in one.subject and incident in one.body and one not in self.shown

        wanted = self.sandbox.mailbox.wait_for(new, MAIL_SECONDS)
        self.shown.append(wanted)
        return wanted

    def _say(self, text: str) -> None:
        console.print(f"[dim]{time.monotonic() - self.started:6.1f} s[/] {text}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
