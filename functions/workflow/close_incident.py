"""Closes an incident: the record's end, the report, the metrics."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.core import approval, history, mail, occasions, turns
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import RECORD, Everything, Incidents, now
from functions.core.language import say, translated
from functions.core.log import logger
from functions.core.outcomes import OUTCOMES
from functions.core.permissions import allow
from functions.core.step import step
from functions.workflow import target_lock
from functions.workflow.escalate import Ending
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import Service

REPORTED = {"recovered", "rejected", "expired", "healthy"}  # the others were escalated, which says more
LONGEST_HISTORY = 65_536  # bytes, of the 256 KiB that an execution's output may have


@step(
    allow(
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        on="{table}",
    ),
    allow("sns:Publish", on="{topic}"),
)
def handler(event: Ending, aws: Session) -> dict[str, Any]:
    """Write the outcome, end open questions, give the target back, count, and mail the report to those who were asked.

    Returns:
        The report: incident, service, runbook, outcome, how many events it was about, timeline, its entry of the
        history as Markdown; and the level.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    asked = _questions(incidents, event.incident)
    for question in asked:
        _withdraw(incidents, question)
    incidents.note(event.incident, say("Closed: {outcome}", outcome=translated(OUTCOMES[event.outcome])))
    incidents.update(event.incident, RECORD, {"state": "closed", "outcome": event.outcome, "closed_at": now()})
    target_lock.release(incidents, runbook.service.name, event.incident)  # where that has failed before
    occasions.release(incidents, runbook, event.incident)  # before it is read: what comes later is no part of it
    everything = incidents.everything(event.incident)
    record, timeline = everything[RECORD], [one for name, one in everything.items() if name.startswith("event#")]
    diagnosis = Diagnosis.model_validate_json(record["diagnosis"]) if "diagnosis" in record else None
    _count(runbook.service.name, event, record, asked)
    if event.outcome in REPORTED:
        shown = {"record": record, "timeline": timeline, "occurrences": occasions.counted(everything)}
        _report(aws, runbook, event.outcome, asked, diagnosis=diagnosis, **shown)
    return {
        "incident": event.incident,
        "service": runbook.service.name,
        "runbook": translated(runbook.runbook.title),
        "outcome": event.outcome,
        "occurrences": occasions.counted(everything),
        "timeline": [f"{line['at']} {line['text']}" for line in timeline],
        "history": _history(runbook, everything),
        **(diagnosis.leveled | {"seen": diagnosis.summaries} if diagnosis and diagnosis.level else {}),
    }


def _questions(incidents: Incidents, incident: str) -> list[Approval]:
    items = incidents.history(incident, "approval#")
    return [Approval.model_validate(one) for one in items]


def _withdraw(incidents: Incidents, question: Approval) -> None:
    """End a question that nobody will act on: one without an answer, or with one that came too late."""
    late = question.state == "approved" and not question.told
    changed = late and incidents.history(question.incident, f"change#{question.round}#")
    if question.state == "pending" or (late and not changed):
        approval.keep(incidents, question, state="withdrawn")
        incidents.note(question.incident, say("The question is withdrawn"))


def _report(aws: Session, runbook: Compiled, outcome: str, asked: list[Approval], **shown: Any) -> None:
    """Mail how it ended to everybody who was asked."""
    service, told = runbook.service, translated(OUTCOMES[outcome])
    for approver in dict.fromkeys(one for question in asked for one in _reached(service, question)):
        mail.send(
            aws,
            approver,
            subject=say(
                "[{service}] {outcome}: {title}",
                service=service.name,
                outcome=told,
                title=translated(runbook.runbook.title),
            ),
            template="report.txt",
            service=service,
            runbook=runbook.runbook,
            outcome=told,
            **shown,
        )


def _reached(service: Service, question: Approval) -> list[str]:
    """List who was asked; where people have decided, also who was just being asked, whether that was noted or not."""
    decided = any(one.channel != "policy" for one in question.decisions)
    return turns.asked(service.approval, max(question.mailed, question.call) if decided else question.mailed)


def _history(runbook: Compiled, everything: Everything) -> str:
    """Write the incident's entry; it is closed by now, so nothing that the entry cannot tell may stop its execution."""
    try:
        written = history.entry(runbook, everything)
    except Exception:  # noqa: BLE001  whatever it is, the report is worth more than its entry
        logger.exception("no history")
        return say("It could not be written; the function's log says why.")
    if len(written.encode()) <= LONGEST_HISTORY:
        return written
    return say("Too long for here: see the incident's page, or: make history SERVICE={name}", name=runbook.service.name)


def _count(service: str, event: Ending, record: dict[str, Any], asked: list[Approval]) -> None:
    """Emit what the dashboards need: the outcome, and the seconds to diagnosis, approval and recovery."""
    metrics = Metrics(namespace="Runbooks", service=service)
    metrics.add_dimension("runbook", event.runbook)
    metrics.add_metric(f"Incident {event.outcome}", MetricUnit.Count, 1)
    approved = [one.last.at for one in asked if one.state == "approved" and one.last]
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
