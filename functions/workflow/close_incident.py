"""Closes an incident: the record's end, the report, the metrics."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.core import approval, mail
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.incidents import RECORD, Conflict, Incidents, now
from functions.core.permissions import allow
from functions.core.step import step
from functions.workflow.escalate import Ending
from statemachines import compiled

ANSWERED = {
    "recovered": "recovered",
    "rejected": "rejected, nothing was changed",
    "expired": "nobody answered in time, nothing was changed",
    "healthy": "healthy again, nothing was changed",
}


@step(
    allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("sns:Publish", on="{topic}"),
)
def handler(event: Ending, aws: Session) -> dict[str, Any]:
    """Write the outcome, end open questions, count, and mail the report to those who were asked.

    Returns:
        The report: incident, service, runbook, outcome, diagnosis, changes and timeline.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    asked = _questions(incidents, event.incident)
    _end_questions(incidents, asked, event.outcome)
    incidents.note(event.incident, f"Closed: {event.outcome}")
    incidents.update(event.incident, RECORD, {"state": "closed", "outcome": event.outcome, "closed_at": now()})
    record = incidents.get(event.incident) or {}
    _count(runbook.service.name, event, record, asked)
    timeline = incidents.timeline(event.incident)
    if asked and event.outcome in ANSWERED:
        for approver in runbook.service.approvers:
            mail.send(
                aws,
                approver,
                f"[{runbook.service.name}] {ANSWERED[event.outcome]}",
                "report.txt",
                service=runbook.service,
                runbook=runbook.runbook,
                record=record,
                outcome=ANSWERED[event.outcome],
                timeline=timeline,
            )
    return {
        "incident": event.incident,
        "service": runbook.service.name,
        "runbook": runbook.runbook.title,
        "outcome": event.outcome,
        "timeline": [f"{line['at']} {line['text']}" for line in timeline],
    }


def _questions(incidents: Incidents, incident: str) -> list[Approval]:
    items = incidents.history(incident, "approval#")
    return [Approval.model_validate(one) for one in items]


def _end_questions(incidents: Incidents, asked: list[Approval], outcome: str) -> None:
    state = "expired" if outcome == "expired" else "withdrawn"
    for question in asked:
        try:
            incidents.update(question.incident, approval.item(question.round), {"state": state}, state="pending")
        except Conflict:
            continue  # it was decided


def _count(service: str, event: Ending, record: dict[str, Any], asked: list[Approval]) -> None:
    """Emit what the dashboards need: the outcome, and the seconds to diagnosis, approval and recovery."""
    metrics = Metrics(namespace="Runbooks", service=service)
    metrics.add_dimension("runbook", event.runbook)
    metrics.add_metric(f"Incident {event.outcome}", MetricUnit.Count, 1)
    approved = [one.decided_at for one in asked if one.state == "approved"]
    marks = {
        "TimeToDiagnose": record.get("diagnosed_at"),
        "TimeToApproval": approved[-1] if approved else None,
        "TimeToRecovery": record["closed_at"] if event.outcome == "recovered" else None,
    }
    for name, moment in marks.items():
        if moment:
            metrics.add_metric(name, MetricUnit.Seconds, _seconds(record["opened_at"], moment))
    metrics.flush_metrics()


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
