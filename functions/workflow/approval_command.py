"""The second way to decide, for those who may not use links: requests that IAM has authenticated."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions.core import approval, deciding, stops, web
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.deciding import Answer
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.permissions import allow
from functions.core.step import step
from functions.core.web import Request, Response
from statemachines import compiled
from statemachines.compiled import Compiled


class Deciding(BaseModel):
    """What the command sends: the decision, and the digest of the plan that the person has seen."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approved", "rejected"]
    digest: str
    reason: str = Field(default="", max_length=deciding.MAX_WORDS)
    service: str = ""


@step(
    allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("kms:Decrypt", on="{key}"),
    allow("states:SendTaskSuccess", on="{state_machines}"),
    allow("cloudtrail:LookupEvents"),
    stops.PERMISSION,
)
def handler(event: Request, aws: Session) -> Response:
    """Show an incident's question (GET) or decide it (POST), in JSON; API Gateway has checked the signature."""
    incidents, incident = Incidents(aws), event["pathParameters"]["incident"]
    record = incidents.get(incident) or {}
    question = approval.read(incidents, incident, record.get("round", 0))
    if question is None:
        return web.data(404, {"error": say("There is no question about the incident {incident}.", incident=incident)})
    runbook = compiled.read(record["runbook"])
    if web.method(event) == "GET":
        return web.data(200, _shown(runbook, question))
    return _decide(aws, runbook, question, event)


def _decide(aws: Session, runbook: Compiled, question: Approval, event: Request) -> Response:
    principal = event["requestContext"]["authorizer"]["iam"]["userArn"]
    approver = runbook.service.approver_of(principal)
    if not approver:
        text = say("{principal} is not the principal of any approver in the service's file.", principal=principal)
        return web.data(403, {"error": text})
    try:
        given = Deciding.model_validate_json(web.body(event))
    except ValidationError as error:
        problem = error.errors()[0]
        return web.data(400, {"error": f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"})
    if given.digest != question.digest:
        return web.data(409, {"error": say("The plan has changed since you saw it: look at it again.")})
    if not question.open and not question.decided:
        return web.data(409, {"error": say("The question is not open any more."), "state": question.state})
    answer = Answer(
        decision=given.decision,
        approver=approver,
        channel="command",
        proof=say("IAM vouches for {principal}", principal=principal),
        address=web.address(event),
        principal=principal,
        words=given.reason,
        typed=given.service,
    )
    try:
        return web.data(200, _shown(runbook, deciding.take(aws, runbook, question, answer)))
    except deciding.Refused as reason:
        return web.data(403, {"error": str(reason)})


def _shown(runbook: Compiled, question: Approval) -> dict[str, Any]:
    diagnosis = Diagnosis.model_validate_json(question.diagnosis)
    causes = [{"title": cause.title, "evidence": cause.supporting} for cause in diagnosis.confirmed]
    return {
        "incident": question.incident,
        "service": runbook.service.name,
        "runbook": translated(runbook.runbook.title),
        "state": question.state,
        "until": question.until,
        "digest": question.digest,
        "risk": question.plan.risk,
        "needed": question.needed,
        "approvals": [one.approver for one in question.approvals],
        "causes": causes,
        "changes": [one.model_dump(exclude={"parameters"}) for one in question.plan.steps],
    }
