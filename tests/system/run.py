"""One run of a runbook on the deployed sandbox, as a test sees it."""

import json
from collections.abc import Iterator
from typing import Any, Literal

from functions.core import approval
from functions.core.diagnosis import Diagnosis
from functions.core.plan import Plan
from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.mailbox import Mail
from sandbox.watch import Seen, executions, follow, next_execution
from statemachines import load
from statemachines.model import Service

RUNBOOK = "webhook_unavailable"
SERVICE = load.services()["ganopa-bot"]
MACHINE = SERVICE.state_machine_arn(RUNBOOK)
SECONDS = 30
Decision = Literal["approve", "reject"]


class Run:
    """Follows one execution from wherever it is."""

    def __init__(self, sandbox: Sandbox, execution: str, service: Service = SERVICE) -> None:
        self.sandbox = sandbox
        self.execution = execution
        self.service = service
        self.incident = execution.rpartition(":")[2]
        self.states: list[str] = []
        self._following = follow(sandbox, execution)

    @classmethod
    def by_hand(cls, sandbox: Sandbox, given: Any = None, service: Service = SERVICE, runbook: str = RUNBOOK) -> "Run":
        """Start a runbook as an engineer would in the console."""
        started = sandbox.client("stepfunctions").start_execution(
            stateMachineArn=service.state_machine_arn(runbook), input=json.dumps({} if given is None else given)
        )
        return cls(sandbox, started["executionArn"], service)

    def until(self, state: str) -> Any:
        """Go on until a state is left, and return its output."""
        for seen in self._seen():
            if seen.kind == "left" and seen.state == state:
                return seen.output
        raise AssertionError(f"{state} was never left; states: {self.states}")

    def asked(self, level: int = 0, number: int = 0) -> list[Mail]:
        """Go on until the approvers are asked, and return the mail of each on a level, by its number of theirs."""
        for seen in self._seen():
            if seen.kind == "entered" and seen.state == "Ask for approval":
                return [self.mail(to, number) for to in self.service.approval.levels[level].approvers]
        raise AssertionError(f"nobody was asked; states: {self.states}")

    def decide(self, decision: Decision, reason: str = "", number: int = 0) -> approver.Page:
        """Decide through the first approver's link, in the first of their mails or another one by its number."""
        mail = self.mail(self.service.approval.levels[0].approvers[0], number)
        return approver.decide(self.link(mail), decision, reason)

    def approve(self) -> None:
        """Let as many people of the first level approve as it needs, each typing the service's name."""
        self.asked()
        for to in self.service.approval.levels[0].approvers[: self.question()["needed"]]:
            approver.decide(self.link(self.mail(to)), "approve", service=self.service.name)

    def end(self) -> dict[str, Any]:
        """Go on to the end; return the report, or the execution's status, error and cause."""
        for _ in self._seen():
            pass
        told = self.sandbox.client("stepfunctions").describe_execution(executionArn=self.execution)
        report: dict[str, Any] = json.loads(told["output"]) if told.get("output") else {}
        return report | {name: told.get(name) for name in ("status", "error", "cause")}

    @property
    def everything(self) -> dict[str, dict[str, Any]]:
        """All that the table holds about the incident."""
        return incidents(self.sandbox, self.service.name).everything(self.incident)

    @property
    def record(self) -> dict[str, Any]:
        """The incident's record."""
        return incidents(self.sandbox, self.service.name).get(self.incident) or {}

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """What happened, line by line."""
        return incidents(self.sandbox, self.service.name).timeline(self.incident)

    @property
    def locked(self) -> bool:
        """Whether it holds its target's lock."""
        lock = incidents(self.sandbox, self.service.name).get(f"target#{self.service.name}", "lock") or {}
        return bool(lock.get("holder") == self.incident)

    def question(self, round_number: int = 1) -> dict[str, Any]:
        """A question, as the table holds it."""
        found = approval.read(incidents(self.sandbox, self.service.name), self.incident, round_number)
        assert found, f"question {round_number} was never asked; states: {self.states}"
        return found.model_dump()

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
        return str(approver.LINK.findall(mail.body)[0])

    def mail(self, to: str, number: int = 0) -> Mail:
        """Wait for somebody's mail about this incident, by its number, and return it."""
        self.sandbox.mailbox.wait_for(lambda _: len(self.mails(to)) > number, SECONDS)
        return self.mails(to)[number]

    def mails(self, to: str) -> list[Mail]:
        """List somebody's mails about this incident, the oldest first."""
        return [mail for mail in self.sandbox.mailbox.messages() if mail.to == to and self.incident in mail.body]

    def links(self, to: str) -> list[str]:
        """List the links that somebody was mailed, the oldest first."""
        return [found for mail in self.mails(to) for found in approver.LINK.findall(mail.body)]

    def _seen(self) -> Iterator[Seen]:
        for seen in self._following:
            if seen.kind == "entered":
                self.states.append(seen.state)
            yield seen


class Watch:
    """Notices the next execution of a runbook that somebody else starts, or one that is at work already."""

    def __init__(self, sandbox: Sandbox, runbook: str = RUNBOOK) -> None:
        self.sandbox = sandbox
        self.machine = SERVICE.state_machine_arn(runbook)
        self.known = executions(sandbox, self.machine, ended=True)

    def new(self) -> list[str]:
        """List the executions that have started since."""
        return [one for one in executions(self.sandbox, self.machine) if one not in self.known]

    def next(self) -> Run:
        """Wait for it; where none comes, say what might have started one."""
        try:
            return Run(self.sandbox, next_execution(self.sandbox, self.machine, SECONDS, self.known))
        except TimeoutError as error:
            ringing, told = self.sandbox.world.alarms.ringing(), self.sandbox.logs(f"{SERVICE.name}-dispatch")[-6:]
            raise TimeoutError(f"{error}; ringing: {ringing}; dispatch: {' '.join(told)}") from error


def stop_executions(sandbox: Sandbox) -> list[str]:
    """Stop whatever runs, and return what did; the interpreter misses a stop that comes while it enters a wait."""
    machines = sandbox.client("stepfunctions").list_state_machines()["stateMachines"]
    running = [one for machine in machines for one in executions(sandbox, machine["stateMachineArn"], ended=False)]
    for execution in running:
        sandbox.client("stepfunctions").stop_execution(executionArn=execution)
    return running
