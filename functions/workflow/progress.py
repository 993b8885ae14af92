"""Says whether what a fix has only set going, as a certificate that others validate, has come to its end."""

from typing import Any

from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis, Findings, awaited
from functions.core.incidents import Incidents
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.step import Of, step
from statemachines import compiled

HOUR = 3600


class Looked(Of):
    """The findings of the checks that tell, and how often they have been made since the fixes."""

    findings: dict[str, Any]
    look: int


@step(allow("dynamodb:GetItem", "dynamodb:PutItem", on="{table}"))
def handler(event: Looked, aws: Session) -> dict[str, Any]:
    """Look at the signals that the confirmed causes await; what cannot be read is awaited further.

    Returns:
        `progress`: wait, done or overdue.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    record = incidents.get(event.incident) or {}
    wait = awaited(runbook.runbook, Diagnosis.model_validate_json(record["diagnosis"]))
    if wait is None:
        return {"progress": "done"}
    findings = Findings(event.findings, {name: runbook.questions[name] for name in runbook.runbook.awaiting})
    seen = "; ".join(finding.summary for finding in findings.by_name.values())
    if all(findings.signal(signal) is False for signal in wait.signals):
        incidents.note(event.incident, say("No longer waiting: {seen}", seen=seen))
        return {"progress": "done"}
    if event.look * wait.every >= wait.hours * HOUR:
        incidents.note(event.incident, say("Waited for {hours} hours: {seen}", hours=wait.hours, seen=seen))
        return {"progress": "overdue"}
    if event.look == 1:
        incidents.note(
            event.incident, say("Waiting for up to {hours} hours, holding nothing: {seen}", hours=wait.hours, seen=seen)
        )
    return {"progress": "wait"}
