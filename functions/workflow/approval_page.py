"""The page behind an approver's link: GET shows, POST decides."""

import hashlib
import hmac
from typing import Any, Literal, NamedTuple

from functions.core import approval, deciding, history, occasions, requester, stops, turns, waiting, web
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.deciding import Answer
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Everything, Incidents
from functions.core.language import say, translated
from functions.core.outcomes import OUTCOMES
from functions.core.permissions import allow
from functions.core.step import step
from functions.core.web import Request, Response
from statemachines import compiled

REFRESH_SECONDS = 5
DECISIONS: dict[str, Literal["approved", "rejected"]] = {"approve": "approved", "reject": "rejected"}


class Link(NamedTuple):
    """An approver's link: whose it is and for which level, and the secret itself, which is in the address only."""

    secret: str
    runbook: str
    question: Approval
    approver: str
    level: int

    @property
    def nonce(self) -> str:
        """What a form has to carry: proves that its sender saw this page, with this plan."""
        shown = f"{self.question.round} {self.question.digest}"
        return hmac.new(self.secret.encode(), shown.encode(), hashlib.sha256).hexdigest()

    @property
    def decides(self) -> bool:
        """Say whether this link may still decide: its question is open, and its level's turn is not over."""
        return self.question.open and self.level == self.question.level

    @property
    def approved(self) -> bool:
        """Say whether its owner has approved already, and more people are needed."""
        return any(one.approver == self.approver for one in self.question.approvals)


@step(
    allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("kms:Decrypt", on="{key}"),
    allow("states:SendTaskSuccess", on="{state_machines}"),
    allow("cloudtrail:LookupEvents"),
    stops.PERMISSION,
)
def handler(event: Request, aws: Session) -> Response:
    """Answer an API Gateway request (payload format 2.0)."""
    if event["rawPath"] == "/style.css":
        return web.style()
    incidents = Incidents(aws)
    link = _link(incidents, event.get("pathParameters", {}).get("link", ""))
    if link is None:
        text = say("It may be cut off. Use the whole link from the mail.")
        return web.message(404, say("This link is not known"), text)
    if web.method(event) == "POST":
        return _decide(aws, link, event)
    waiting.tell(aws, incidents, link.question)  # decided before, by a POST that crashed then
    query = event.get("queryStringParameters") or {}
    if query.get("as") == "markdown":
        return _history(incidents, link)
    return _show(aws, incidents, link, live="still" not in query)


def _link(incidents: Incidents, secret: str) -> Link | None:
    owner = incidents.get(approval.link_item(secret), "link")
    record = incidents.get(owner["of"]) if owner else None
    question = approval.read(incidents, owner["of"], owner["round"]) if owner and record else None
    if owner is None or record is None or question is None:  # each expires when DynamoDB comes to it
        return None
    return Link(secret, record["runbook"], question, owner["approver"], owner["level"])


def _show(aws: Session, incidents: Incidents, link: Link, *, live: bool) -> Response:
    everything = incidents.everything(link.question.incident)
    record = everything["record"]
    runbook = compiled.read(link.runbook)
    working = record["state"] == "open" and not link.decides
    answer = web.page(
        200,
        "incident.html",
        service=runbook.service,
        runbook=runbook.runbook,
        record=record,
        question=link.question,
        level=turns.level(runbook.service.approval, link.question.call),
        diagnosis=Diagnosis.model_validate_json(link.question.diagnosis),
        requester=requester.of(record),
        changes=_items(everything, f"change#{link.question.round}#"),
        timeline=_items(everything, "event#"),
        link=link,
        occurrences=occasions.counted(everything),
        stop=stops.why(aws, runbook.service) if link.decides else "",
        outcome=translated(OUTCOMES[record["outcome"]]) if "outcome" in record else "",
        working=working,
        live=live,
    )
    return answer | {"headers": web.HEADERS | {"refresh": str(REFRESH_SECONDS)}} if working and live else answer


def _history(incidents: Incidents, link: Link) -> Response:
    """Show a closed incident as an entry of the history."""
    everything = incidents.everything(link.question.incident)
    if everything["record"]["state"] != "closed":
        text = say("It becomes one once the incident is closed. Open the link from the mail to see how it stands.")
        return web.message(404, say("This is no entry of the history yet"), text)
    return web.markdown(history.entry(compiled.read(link.runbook), everything))


def _items(everything: Everything, start: str) -> list[dict[str, Any]]:
    return [item for name, item in everything.items() if name.startswith(start)]


def _decide(aws: Session, link: Link, event: Request) -> Response:
    form, nothing = web.form(event), say("Nothing was decided")
    decision = DECISIONS.get(form.get("decision", ""))
    if decision is None or not hmac.compare_digest(form.get("nonce", "").encode(errors="replace"), link.nonce.encode()):
        return web.message(400, nothing, say("The form is not the one of this page. Open the link again."))
    if not web.same_site(event):
        return web.message(403, nothing, say("The form was sent by another site."))
    if link.decides or link.question.decided:
        try:
            deciding.take(aws, compiled.read(link.runbook), link.question, _answer(link, decision, form, event))
        except deciding.Refused as reason:
            return web.message(400, nothing, str(reason))
    return web.seen(f"/incidents/{link.secret}")


def _answer(link: Link, decision: Literal["approved", "rejected"], form: dict[str, str], event: Request) -> Answer:
    return Answer(
        decision=decision,
        approver=link.approver,
        channel="link",
        proof=say("A link proves a mailbox, not a person"),
        address=web.address(event),
        words=form.get("reason", ""),
        typed=form.get("service", ""),
    )
