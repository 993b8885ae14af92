"""The page behind an approver's link: GET shows, POST decides."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from functions.core import approval
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Conflict, Incidents, now
from functions.core.log import logger
from functions.core.mail import TEMPLATES, templates
from functions.core.permissions import allow
from functions.core.step import step
from statemachines import compiled

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

Response = dict[str, Any]
MAX_BODY = 8_192
MAX_REASON = 500
DECISIONS = {"approve": "approved", "reject": "rejected"}
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


class Link(NamedTuple):
    """An approver's link: what it is for, and the secret itself, which is in the address only."""

    secret: str
    question: Approval
    approver: str

    @property
    def nonce(self) -> str:
        """What a form has to carry: proves that its sender saw this page, with this plan."""
        return hmac.new(self.secret.encode(), self.question.digest.encode(), hashlib.sha256).hexdigest()


@step(
    allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("states:SendTaskSuccess", on="{state_machines}"),
)
def handler(event: dict[str, Any], aws: Session) -> Response:
    """Answer an API Gateway request (payload format 2.0)."""
    if event["rawPath"] == "/style.css":
        return _style()
    incidents = Incidents(aws)
    link = _link(incidents, event.get("pathParameters", {}).get("link", ""))
    if link is None:
        return _message(404, "This link is not known", "It may be cut off. Use the whole link from the mail.")
    if event["requestContext"]["http"]["method"] == "POST":
        return _decide(aws, incidents, link, event)
    return _show(incidents, link)


def _link(incidents: Incidents, secret: str) -> Link | None:
    owner = incidents.get(approval.link_item(secret), "link")
    question = approval.read(incidents, owner["of"], owner["round"]) if owner else None
    return Link(secret, question, owner["approver"]) if owner and question else None


def _show(incidents: Incidents, link: Link) -> Response:
    record = incidents.get(link.question.incident) or {}
    runbook = compiled.read(record["runbook"])
    page = templates().get_template("page.html")
    return _html(
        200,
        page.render(
            service=runbook.service,
            runbook=runbook.runbook,
            record=record,
            question=link.question,
            diagnosis=Diagnosis.model_validate_json(link.question.diagnosis),
            until=datetime.fromtimestamp(link.question.until, UTC),
            timeline=incidents.timeline(link.question.incident),
            link=link,
        ),
    )


def _decide(aws: Session, incidents: Incidents, link: Link, event: dict[str, Any]) -> Response:
    form = _form(event)
    decision = DECISIONS.get(form.get("decision", ""))
    reason = " ".join(form.get("reason", "").split())[:MAX_REASON]
    if decision is None or not hmac.compare_digest(form.get("nonce", "").encode(), link.nonce.encode()):
        return _message(400, "Nothing was decided", "The form is not the one of this page. Open the link again.")
    if event["headers"].get("sec-fetch-site", "same-origin") != "same-origin":
        return _message(403, "Nothing was decided", "The form was sent by another site.")
    if decision == "rejected" and not reason:
        return _message(400, "Nothing was decided", "Say in a few words why you reject. Go back and try again.")
    http = event["requestContext"]["http"]
    if link.question.open:
        _write(incidents, link, decision, reason, http["sourceIp"])
    _tell(aws, incidents, link)
    return {"statusCode": 303, "headers": HEADERS | {"location": event["rawPath"]}, "body": ""}


def _write(incidents: Incidents, link: Link, decision: str, reason: str, address: str) -> None:
    """Record the decision, unless another one was first."""
    values = {
        "state": decision,
        "decided_by": link.approver,
        "decided_at": now(),
        "channel": "link",
        "address": address,
        "reason": reason,
    }
    question = link.question
    try:
        incidents.update(question.incident, approval.item(question.round), values, state="pending")
    except Conflict:
        return
    incidents.note(question.incident, f"{decision.capitalize()} through the link of {link.approver} {reason}".strip())


def _tell(aws: Session, incidents: Incidents, link: Link) -> None:
    """Tell Step Functions what is decided, once; also after a crash between deciding and telling."""
    question = approval.read(incidents, link.question.incident, link.question.round)
    if question is None or question.told or question.state not in DECISIONS.values():
        return
    states: SFNClient = aws.client("stepfunctions")
    try:
        states.send_task_success(taskToken=question.token, output=json.dumps({"decision": question.state}))
    except (states.exceptions.TaskTimedOut, states.exceptions.TaskDoesNotExist):
        logger.warning("not waiting for a decision", incident=question.incident)
        incidents.note(question.incident, "The incident was not waiting for a decision any more when this one arrived")
    incidents.update(question.incident, approval.item(question.round), {"told": True})


def _form(event: dict[str, Any]) -> dict[str, str]:
    body = event.get("body") or ""
    if len(body) > MAX_BODY:
        return {}
    text = base64.b64decode(body).decode(errors="replace") if event.get("isBase64Encoded") else body
    return {name: values[0] for name, values in parse_qs(text).items()}


def _message(status: int, title: str, text: str) -> Response:
    return _html(status, templates().get_template("message.html").render(title=title, text=text))


def _html(status: int, body: str) -> Response:
    return {"statusCode": status, "headers": HEADERS, "body": body}


def _style() -> Response:
    css = Path(TEMPLATES / "style.css").read_text(encoding="utf-8")
    headers = HEADERS | {"content-type": "text/css; charset=utf-8", "cache-control": "public, max-age=3600"}
    return {"statusCode": 200, "headers": headers, "body": css}
