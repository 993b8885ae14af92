"""The first call of every function: what it is told, and what it finds in the incident table."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bench.incident import RUNBOOK, SERVICE
from functions.core import approval
from functions.core.approval import Decision
from functions.core.diagnosis import Findings, diagnose
from functions.core.function import Function
from functions.core.incidents import RECORD, Incidents, now
from functions.core.plan import Plan, Step
from functions.core.template import fill
from statemachines import load
from statemachines.compile import compiled
from statemachines.model import CheckUse, FixUse

NOT_DEPLOYED = {"report_audit", "report_watch"}  # which only an audited, or a watched, service has
FOREVER = 2**33
LOCK = 1
FIRST = {"call": 0, "seconds": 60}
TRIGGER = {"kind": "person"}
FACTS = {  # what fixes are given beside the service's resources
    "definition.newest_revision": "arn:aws:ecs:me-central-1:123456789012:task-definition/ganopa-bot:2",
    "listener.usable": "arn:aws:acm:me-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "registry.newest_tag": "5d41402abc4b2a76b9719d911017c592ae6f3c01",
}


class FirstCalls:
    """Writes programs; each call is about an incident of its own, put into the table: run one, then ask again."""

    def __init__(self, incidents: Incidents, facts: Mapping[str, str] = FACTS) -> None:
        """Use a deployed stack's incident table, and what a diagnosis of it would have found."""
        self.incidents, self.facts = incidents, facts
        self.service = load.services()[SERVICE]
        self.runbook = compiled(self.service, load.runbooks()[RUNBOOK])
        self.uses: dict[str, list[CheckUse | FixUse]] = {}
        for name in self.service.runbooks:
            self.uses |= load.functions_of(load.runbooks()[name])

    def program(self, function: Function) -> str:
        """Write the program that imports a function's handler and calls it once."""
        module = function.entry.removesuffix(".handler")
        return f"import {module}\n{module}.handler({self._event(function)!r})"

    def _event(self, function: Function) -> dict[str, Any]:
        incident = f"bench-{uuid.uuid4()}"
        if function.kind == "check":
            return {"parameters": self._parameters(f"check/{function.name}")}
        if function.kind == "fix":
            self._open(incident, function.name)
            self._lock(incident)
            return {"incident": incident, "runbook": RUNBOOK, "lock": LOCK, "round": 1, "step": 0}
        if function.name == "report_drill":
            return {"drill": incident, "findings": {}}
        if function.name != "open_incident":
            self._open(incident, self.runbook.runbook.fixes[0].fix)
        return {"incident": incident, "runbook": RUNBOOK} | self._particulars(incident).get(function.name, {})

    def _particulars(self, incident: str) -> dict[str, dict[str, Any]]:
        """Give what each step of the chain is told besides the incident; those called from outside ignore that."""
        request = {"headers": {}, "requestContext": {"http": {"method": "GET", "sourceIp": "192.0.2.1"}}}
        page = {"rawPath": f"/incidents/{incident}", "pathParameters": {"link": incident}}
        command = {"rawPath": f"/decisions/{incident}", "pathParameters": {"incident": incident}}
        alarm = {"alarmName": next(iter(self.service.alarms)), "state": {"value": "ALARM"}}
        ended = {"name": incident, "stateMachineArn": self.runbook.state_machine, "status": "ABORTED"}
        return {
            "approval_command": command | request,
            "approval_page": page | request,
            "close_incident": {"outcome": "recovered", "error": {}},
            "conclude": {"findings": {}, "round": 0},
            "dispatch": {
                "source": "aws.cloudwatch",
                "detail-type": "",
                "time": f"{datetime.now(UTC)}",
                "detail": alarm,
            },
            "escalate": {"outcome": "manual", "error": {}},
            "judge": {"findings": {}, "attempt": 1},
            "open_incident": {"input": {}},
            "progress": {"findings": {}, "look": 1},
            "request_approval": {"round": 2, "turn": FIRST, "token": "token"},
            "target_lock": {"action": "release"},
            "tidy_up": {"detail": ended},
            "whose_turn": {"round": 1, "turn": FIRST},
        }

    def _open(self, incident: str, fix: str) -> None:
        """Write an open incident with one approved question and its link."""
        diagnosis = diagnose(self.runbook.runbook, Findings({}, self.runbook.questions), self.service.resources)
        plan = self._plan(fix)
        texts = {"diagnosis": diagnosis.model_dump_json(), "plan": plan.model_dump_json()}
        record = {"runbook": RUNBOOK, "state": "open", "opened_at": now(), "round": 1, "trigger": TRIGGER, **texts}
        approver = self.service.approval.levels[0].approvers[0]
        decision = Decision(
            decision="approved", approver=approver, channel="link", at=now(), digest=plan.digest, proof=""
        )
        question = {"digest": plan.digest, "needed": 1, "token": "token", "asked_at": now(), **texts}
        waiting = {"turn_until": FOREVER, "until": FOREVER, "mailed": 0, "version": 0}
        decided = {"state": "approved", "decisions": [decision.model_dump()], "told": True}
        self.incidents.create(incident, RECORD, record)
        self.incidents.create(incident, approval.item(1), {"round": 1} | question | waiting | decided)
        link = {"of": incident, "round": 1, "level": 0, "approver": approver}
        self.incidents.create(approval.link_item(incident), "link", link)

    def _lock(self, incident: str) -> None:
        """Let an incident, and no other, change the service, as if nothing had ever been repaired before."""
        self.forget()
        self.incidents.create(f"target#{SERVICE}", "lock", {"holder": incident, "until": FOREVER, "token": LOCK})

    def forget(self) -> None:
        """Let no incident of these work on the service, or ever have repaired it."""
        for target in (f"target#{SERVICE}", *(f"target#{SERVICE}/{runbook}" for runbook in self.service.runbooks)):
            for item in self.incidents.everything(target):
                key = {"incident": {"S": target}, "item": {"S": item}}
                self.incidents.dynamodb.delete_item(TableName=self.incidents.table, Key=key)

    def _plan(self, fix: str) -> Plan:
        parameters = self._parameters(f"fix/{fix}")
        texts = {"effect": "", "before": "", "after": "", "radius": ""}
        step = Step(fix=fix, parameters=parameters, risk="low", undo=None, **texts)
        account, region = self.service.account, self.service.region
        return Plan(account=account, region=region, service=SERVICE, runbook=RUNBOOK, steps=[step])

    def _parameters(self, function: str) -> dict[str, Any]:
        filled: dict[str, Any] = fill(self.uses[function][0].with_, {**self.service.given, **self.facts}.__getitem__)
        return filled
