"""The first call of every function: what it is told, and what it finds in the incident table."""

import uuid
from datetime import UTC, datetime
from typing import Any

from bench.incident import RUNBOOK, SERVICE
from functions.core import approval
from functions.core.diagnosis import Findings, diagnose
from functions.core.function import Function
from functions.core.incidents import RECORD, Incidents, now
from functions.core.plan import Plan, Step
from functions.core.template import fill
from statemachines import load
from statemachines.compile import compiled
from statemachines.model import CheckUse, FixUse

FOREVER = 2**33


class FirstCalls:
    """Writes programs; each call is about an incident of its own, put into the table before."""

    def __init__(self, incidents: Incidents) -> None:
        """Use a deployed stack's incident table."""
        self.incidents = incidents
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
            return {"incident": incident, "round": 1, "step": 0}
        if function.name != "open_incident":
            self._open(incident, self.runbook.runbook.fixes[0].fix)
        return {"incident": incident, "runbook": RUNBOOK} | self._particulars(incident).get(function.name, {})

    def _particulars(self, incident: str) -> dict[str, dict[str, Any]]:
        """Give what each step of the chain is told besides the incident; those called from outside ignore that."""
        http = {"method": "GET", "sourceIp": "192.0.2.1"}
        page = {"rawPath": f"/incidents/{incident}", "pathParameters": {"link": incident}, "headers": {}}
        alarm = {"alarmName": next(iter(self.service.alarms)), "state": {"value": "ALARM"}}
        return {
            "approval_page": page | {"requestContext": {"http": http}},
            "close_incident": {"outcome": "recovered", "error": {}},
            "conclude": {"findings": {}},
            "dispatch": {
                "source": "aws.cloudwatch",
                "detail-type": "",
                "time": f"{datetime.now(UTC)}",
                "detail": alarm,
            },
            "escalate": {"outcome": "manual", "error": {}},
            "judge": {"findings": {}, "attempt": 1},
            "open_incident": {"input": {}},
            "request_approval": {"round": 2, "token": "token"},
            "target_lock": {"action": "release"},
        }

    def _open(self, incident: str, fix: str) -> None:
        """Write an open incident with one approved question and its link."""
        diagnosis = diagnose(self.runbook.runbook, Findings({}, self.runbook.questions), self.service.resources)
        plan = self._plan(fix)
        texts = {"diagnosis": diagnosis.model_dump_json(), "plan": plan.model_dump_json()}
        record = {"runbook": RUNBOOK, "state": "open", "opened_at": now(), "trigger": {}, **texts}
        question = {"digest": plan.digest, "token": "token", "asked_at": now(), "until": FOREVER, "told": True, **texts}
        decision = {"round": 1, "state": "approved", "decided_at": now()}
        self.incidents.create(incident, RECORD, record)
        self.incidents.create(incident, approval.item(1), question | decision)
        link = {"of": incident, "round": 1, "approver": self.service.approvers[0]}
        self.incidents.create(approval.link_item(incident), "link", link)

    def _plan(self, fix: str) -> Plan:
        parameters = self._parameters(f"fix/{fix}")
        step = Step(fix=fix, parameters=parameters, effect="", before="", after="", risk="low", undo=None)
        account, region = self.service.account, self.service.region
        return Plan(account=account, region=region, service=SERVICE, runbook=RUNBOOK, steps=[step])

    def _parameters(self, function: str) -> dict[str, Any]:
        filled: dict[str, Any] = fill(self.uses[function][0].with_, self.service.resources.__getitem__)
        return filled
