"""Asks the approvers: one random link each, of which only the hash is kept."""

import json
import os
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from functions.core import approval, mail
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Conflict, Incidents, now
from functions.core.permissions import allow
from functions.core.plan import Plan
from functions.core.step import Of, step
from statemachines import compiled


class Question(Of):
    """The round of asking, and the token that the answer has to carry."""

    round: int
    token: str


@step(
    allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("sns:Publish", on="{topic}"),
    allow("states:SendTaskSuccess", on="{state_machines}"),
)
def handler(event: Question, aws: Session) -> dict[str, Any]:
    """Store the question, then mail every approver; where it is decided already, or by the policy, answer at once."""
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    record = incidents.get(event.incident) or {}
    plan = Plan.model_validate_json(record["plan"])
    until = int(time.time() + runbook.service.approval.timeout.total_seconds())
    state = _store(incidents, event, plan, record["diagnosis"], until)
    if state == "pending" and runbook.service.approval.policy == "automatic":
        state = _approve(incidents, event)
    if state != "pending":
        return _answer(aws, event, state)
    shown = {
        "service": runbook.service,
        "runbook": runbook.runbook,
        "record": record,
        "diagnosis": Diagnosis.model_validate_json(record["diagnosis"]),
        "plan": plan,
        "until": datetime.fromtimestamp(until, UTC),
    }
    for approver in runbook.service.approvers:
        _ask(aws, incidents, event, approver, shown)
    incidents.note(event.incident, f"Asked {', '.join(runbook.service.approvers)}")
    return {"asked": runbook.service.approvers}


def _store(incidents: Incidents, event: Question, plan: Plan, diagnosis: str, until: int) -> str:
    """Store the question; return its state, which is decided where an earlier try was answered before it failed."""
    question = {
        "round": event.round,
        "plan": plan.model_dump_json(),
        "digest": plan.digest,
        "diagnosis": diagnosis,
        "token": event.token,
        "state": "pending",
        "asked_at": now(),
        "until": until,
    }
    name = approval.item(event.round)
    try:
        incidents.create(event.incident, name, question)
    except Conflict:  # the state was retried and has a new token
        incidents.update(event.incident, name, {"token": event.token, "until": until})
    stored = incidents.get(event.incident, name) or question
    return str(stored["state"])


def _approve(incidents: Incidents, event: Question) -> str:
    decision = {"state": "approved", "decided_by": "policy", "decided_at": now(), "channel": "automatic", "told": True}
    incidents.update(event.incident, approval.item(event.round), decision, state="pending")
    incidents.note(event.incident, "Approved by the service's policy, which asks nobody")
    return "approved"


def _answer(aws: Session, event: Question, state: str) -> dict[str, Any]:
    aws.client("stepfunctions").send_task_success(taskToken=event.token, output=json.dumps({"decision": state}))
    return {"asked": []}


def _ask(aws: Session, incidents: Incidents, event: Question, approver: str, shown: dict[str, Any]) -> None:
    link = secrets.token_urlsafe(32)
    owner = {"of": event.incident, "round": event.round, "approver": approver}
    incidents.create(approval.link_item(link), "link", owner)
    subject = f"[{shown['service'].name}] Approve a change? {shown['diagnosis'].headline}"
    url = f"{os.environ['APPROVAL_URL'].rstrip('/')}/incidents/{link}"
    mail.send(aws, approver, subject, "question.txt", link=url, **shown)
