"""Hands the incident to people, with everything that is known and what to do by hand."""

from typing import Any

from functions.core import mail
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.failure import explain
from functions.core.incidents import Incidents
from functions.core.language import marked, say, translated
from functions.core.permissions import allow
from functions.core.plan import Plan
from functions.core.step import Of, step
from statemachines import compiled

WHY = {
    "manual": marked("there is nothing that may be repaired automatically"),
    "limited": marked("the plan goes beyond what the service's file allows"),
    "flapping": marked("the service has been repaired too often lately: something else is wrong"),
    "locked": marked("another incident kept changing the service, so nothing was changed for this one"),
    "refused": marked("the approved change was refused at the last moment; what was changed before it was undone"),
    "unclear": marked("something is wrong, but no cause could be confirmed"),
    "changed": marked("the plan kept changing while it waited for approval"),
    "unfinished": marked(
        "a first approved change was made, and what has to follow was not approved, or is not possible: "
        "start the runbook again to be asked for it"
    ),
    "overdue": marked(
        "what the approved change has set going has not come to its end in time: "
        "see below what it waits for, and start the runbook again once it has"
    ),
    "not fixed": marked("the approved change did not help and was undone where it can be"),
    "worse": marked("the approved change made it worse and was undone where it can be"),
    "not undone": marked("the approved change did not help, and undoing it failed"),
    "unverifiable": marked("after the approved change it cannot be seen whether the service is healthy"),
    "failed": marked("the automation itself failed"),
    "stopped": marked("its execution was stopped from outside, or died; what was changed until then was not undone"),
    "recovered": marked("the service has recovered, but its lock could not be taken away: it holds for up to an hour"),
    "joined": marked("another incident is about the same cause, but the lock of this one could not be taken away"),
    "healthy": marked("the service is healthy again, but its lock could not be taken away: it holds for up to an hour"),
}


class Ending(Of):
    """How the incident ended, and the state machine's error where there was one."""

    outcome: str
    error: dict[str, Any]


@step(
    allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", on="{table}"),
    allow("sns:Publish", on="{topic}"),
)
def handler(event: Ending, aws: Session) -> dict[str, Any]:
    """Mail every approver the causes, their evidence, the manual steps, what was done and what went wrong."""
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    record = incidents.get(event.incident) or {"incident": event.incident, "trigger": {}}
    why = translated(WHY.get(event.outcome, event.outcome))
    diagnosis = Diagnosis.model_validate_json(record["diagnosis"]) if "diagnosis" in record else None
    about = diagnosis.headline if diagnosis and event.outcome == "manual" else why
    for approver in runbook.service.approvers:
        mail.send(
            aws,
            approver,
            subject=say("[{service}] Needs you: {about}", service=runbook.service.name, about=about),
            template="escalation.txt",
            service=runbook.service,
            runbook=runbook.runbook,
            record=record,
            why=why,
            diagnosis=diagnosis,
            plan=Plan.model_validate_json(record["plan"]) if record.get("against") else None,
            error=explain(event.error),
            timeline=incidents.timeline(event.incident),
        )
    told = list(runbook.service.approvers)
    incidents.note(event.incident, say("Escalated to {people}: {why}", people=", ".join(told), why=why))
    return {"told": told}
