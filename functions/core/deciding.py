"""How a person's decision is taken, through whichever channel it comes."""

from typing import Any, Literal

from pydantic import BaseModel

from functions.core import approval, requester, stops, turns, waiting
from functions.core.approval import Approval, Decision
from functions.core.aws import Session
from functions.core.incidents import RECORD, Incidents, now
from functions.core.language import say
from functions.core.redaction import redact
from functions.core.results import printable
from statemachines.compiled import Compiled

MAX_WORDS = 500


class Answer(BaseModel):
    """What a person said: `typed` is the service's name, which a high risk asks for."""

    decision: Literal["approved", "rejected"]
    approver: str
    channel: Literal["link", "command"]
    proof: str
    address: str = ""
    principal: str = ""
    words: str = ""
    typed: str = ""


class Refused(Exception):
    """The answer is not taken; the message says why, and what to do."""


def take(aws: Session, runbook: Compiled, question: Approval, answer: Answer) -> Approval:
    """Take an answer to an open question: check it, write it down, tell the state machine once it is settled.

    Returns:
        The question as it stands then; unchanged where it was not open any more.

    Raises:
        Refused: for an answer that this person, or nobody, may give.
    """
    incidents = Incidents(aws)
    if question.open:
        _check(runbook, question, answer)
        stop = stops.why(aws, runbook.service) if answer.decision == "approved" else ""
        if stop:
            raise Refused(stop)
        rules = _rules(aws, incidents, runbook, question)
        if answer.decision == "approved" and answer.approver == rules.get("barred", question.barred):
            raise Refused(say("You started this incident yourself: another approver has to approve it."))
        decision = _decision(question, answer)
        question = approval.decide(incidents, question, decision, **rules)
        if decision in question.decisions:  # not where another's came first
            _note(incidents, question, answer)
    waiting.tell(aws, incidents, question)
    return question


def _check(runbook: Compiled, question: Approval, answer: Answer) -> None:
    level = turns.level(runbook.service.approval, question.call)
    if answer.approver not in level.approvers:
        raise Refused(say("{level} is asked now, and you are not one of its approvers.", level=level.name))
    if answer.decision == "rejected" and not _words(answer):
        raise Refused(say("Say in a few words why you reject. Go back and try again."))
    typed = answer.typed.strip()
    if answer.decision == "approved" and question.plan.risk == "high" and typed != runbook.service.name:
        raise Refused(say("The risk is high: type the service's name, {service}.", service=runbook.service.name))


def _rules(aws: Session, incidents: Incidents, runbook: Compiled, question: Approval) -> dict[str, Any]:
    """Find out who started it, where the policy asks and it was not proven before."""
    if runbook.service.approval.own_requests == "allowed":
        return {}
    record = incidents.get(question.incident) or {}
    who = requester.proven(aws, runbook.service, record)
    if who and who.model_dump() != record.get("requester"):
        incidents.update(question.incident, RECORD, {"requester": who.model_dump()})
    return requester.demands(runbook.service, question.plan.risk, who)


def _decision(question: Approval, answer: Answer) -> Decision:
    return Decision(
        decision=answer.decision,
        approver=answer.approver,
        channel=answer.channel,
        at=now(),
        digest=question.digest,
        proof=answer.proof,
        address=answer.address,
        principal=answer.principal,
        words=_words(answer),
    )


def _words(answer: Answer) -> str:
    """Make one line of printable text of what a person wrote: of several, one could pass for a line of ours."""
    return redact(" ".join(printable(answer.words).split()))[:MAX_WORDS]


def _note(incidents: Incidents, question: Approval, answer: Answer) -> None:
    words, count = _words(answer), len(question.approvals)
    if answer.decision == "rejected":
        text = say("Rejected by {approver}: {words}", approver=answer.approver, words=words)
    elif question.state == "approved":
        text = say("Approved by {approver}", approver=answer.approver)
    else:
        text = say(
            "Approved by {approver}: {count} of {needed}", approver=answer.approver, count=count, needed=question.needed
        )
    through = {"link": say("through their link"), "command": say("by command")}[answer.channel]
    incidents.note(question.incident, f"{text} ({through})")
