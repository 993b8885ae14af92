"""One run of a runbook on the deployed sandbox, as a test sees it."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

from functions.core.diagnosis import Diagnosis
from functions.core.plan import Plan
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.mailbox import Mail
from sandbox.watch import Seen, executions, follow, next_execution
from statemachines import load

RUNBOOK = "webhook_unavailable"
SERVICE = load.services()["ganopa-bot"]
MACHINE = SERVICE.state_machine_arn(RUNBOOK)
LINK = re.compile(r"http\S+/incidents/\S+")
SECONDS = 30
Decision = Literal["approve", "reject"]


class Run:
    """Follows one execution from wherever it is."""

    def __init__(self, sandbox: Sandbox, execution: str) -> None:
        self.sandbox = sandbox
        self.execution = execution
        self.incident = execution.rpartition(":")[2]
        self.states: list[str] = []
        self._following = follow(sandbox, execution)

    @classmethod
    def by_hand(cls, sandbox: Sandbox, given: Any = None, name: str | None = None) -> "Run":
        """Start the runbook as an engineer would in the console."""
        named = {"name": name} if name else {}
        started = sandbox.client("stepfunctions").start_execution(
            stateMachineArn=MACHINE, input=json.dumps({} if given is None else given), **named
        )
        return cls(sandbox, started["executionArn"])

    def until(self, state: str) -> Any:
        """Go on until a state is left, and return its output."""
        for seen in self._seen():
            if seen.kind == "left" and seen.state == state:
                return seen.output
        raise AssertionError(f"{state} was never left; states: {self.states}")

    def asked(self) -> list[Mail]:
        """Go on until the approvers are asked, and return their mails."""
        for seen in self._seen():
            if seen.kind == "entered" and seen.state == "Ask for approval":
                return [self._mail(to) for to in SERVICE.approvers]
        raise AssertionError(f"nobody was asked; states: {self.states}")

    def decide(self, decision: Decision, reason: str = "") -> approver.Page:
        """Decide through the first approver's link."""
        mail = self._mail(SERVICE.approvers[0])
        return approver.decide(self.link(mail), decision, reason)

    def end(self) -> dict[str, Any]:
        """Go on to the end; return the report, or the execution's status, error and cause."""
        for _ in self._seen():
            pass
        told = self.sandbox.client("stepfunctions").describe_execution(executionArn=self.execution)
        report: dict[str, Any] = json.loads(told["output"]) if told.get("output") else {}
        return report | {name: told.get(name) for name in ("status", "error", "cause")}

    @property
    def record(self) -> dict[str, Any]:
        """The incident's record."""
        return incidents(self.sandbox, SERVICE.name).get(self.incident) or {}

    @property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis in the record."""
        return Diagnosis.model_validate_json(self.record["diagnosis"])

    @property
    def plan(self) -> Plan:
        """The plan in the record."""
        return Plan.model_validate_json(self.record["plan"])

    @property
    def fixes(self) -> list[str]:
        """The plan's fixes, in order."""
        return [step.fix for step in self.plan.steps]

    @staticmethod
    def link(mail: Mail) -> str:
        """The link in a mail."""
        return str(LINK.findall(mail.body)[0])

    def _mail(self, to: str) -> Mail:
        return self.sandbox.mailbox.wait_for(lambda mail: mail.to == to and self.incident in mail.body, SECONDS)

    def _seen(self) -> Iterator[Seen]:
        for seen in self._following:
            if seen.kind == "entered":
                self.states.append(seen.state)
            yield seen


class Watch:
    """Notices the next execution that somebody else starts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.known = executions(sandbox, MACHINE)

    def new(self) -> list[str]:
        """List the executions that have started since."""
        return [one for one in executions(self.sandbox, MACHINE) if one not in self.known]

    def next(self) -> Run:
        """Wait for it."""
        return Run(self.sandbox, next_execution(self.sandbox, MACHINE, SECONDS, self.known))


def stop_executions(sandbox: Sandbox) -> list[str]:
    """Stop whatever runs, and return what did; the interpreter misses a stop that comes while it enters a wait."""
    running = executions(sandbox, MACHINE, "RUNNING")
    for execution in running:
        sandbox.client("stepfunctions").stop_execution(executionArn=execution)
    return running
