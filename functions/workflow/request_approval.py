"""Asks the approvers whose turn it is: one random link each, of which only the hash is kept."""

import os
import secrets
import time
from typing import Any

from functions.core import approval, mail, requester, stops, token, turns, waiting
from functions.core.approval import Approval, Decision
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.incidents import RECORD, Conflict, Everything, Incidents, now
from functions.core.language import say, translated
from functions.core.permissions import allow
from functions.core.plan import Plan
from functions.core.step import Of, step
from functions.core.turns import Turn
from statemachines import compiled
from statemachines.compiled import Compiled


class Question(Of):
    """The round of asking, whose turn it is, and the token that the answer has to carry."""

    round: int
    turn: Turn
    token: str


@step(
    allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("kms:Encrypt", "kms:Decrypt", on="{key}"),
    allow("sns:Publish", on="{topic}"),
    allow("states:SendTaskSuccess", on="{state_machines}"),
    stops.PERMISSION,
)
def handler(event: Question, aws: Session) -> dict[str, Any]:
    """Store the question and mail those whose turn it is; where it is decided already, answer at once.

    Called again for the same question (a reminder, the next level, an alarm's update, a retry), it keeps what was said,
    takes the new token, and mails only whom this call has not reached.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    sealed = token.sealed(aws, event.token, event.incident, event.round)
    known = incidents.everything(event.incident)
    question = _stored(aws, incidents, event, runbook, sealed, known)
    waiting.tell(aws, incidents, question)
    if question.missed and question.open:
        waiting.answer(aws, approval.keep(incidents, question, missed=False), "look again")
        return {"asked": []}
    if question.state != "pending" or question.mailed >= event.turn.call:
        return {"asked": []}
    asked, shown = _people(runbook, question, event.turn), _shown(aws, runbook, question, known[RECORD])
    for approver in asked:
        _ask(aws, incidents, question, approver, shown)
    incidents.note(event.incident, _told(runbook, event.turn, asked))
    approval.keep(incidents, question, mailed=event.turn.call)
    return {"asked": asked}


def _stored(
    aws: Session, incidents: Incidents, event: Question, runbook: Compiled, sealed: str, known: Everything
) -> Approval:
    """Store the question, or only its new token where it was asked before."""
    asked = approval.among(known, event.round)
    if asked:
        incidents.update(event.incident, RECORD, {"round": event.round})
        return approval.keep(incidents, asked, token=sealed, told=False, turn_until=_in(event.turn.seconds))
    _replace(incidents, event, approval.among(known, event.round - 1))
    return _new(aws, incidents, event, runbook, sealed, known[RECORD])


def _new(
    aws: Session, incidents: Incidents, event: Question, runbook: Compiled, sealed: str, record: dict[str, Any]
) -> Approval:
    plan, service = Plan.model_validate_json(record["plan"]), runbook.service
    question = {
        "round": event.round,
        "plan": plan.model_dump_json(),
        "digest": plan.digest,
        "diagnosis": record["diagnosis"],
        "token": sealed,
        "state": "pending",
        "asked_at": now(),
        "turn_until": _in(event.turn.seconds),
        "until": _in(turns.level(service.approval, event.turn.call).minutes * 60),
        "decisions": [],
        "version": 0,
        **requester.demands(service, plan.risk, requester.of(record)),
    }
    if question["needed"] == 0 and stops.why(aws, service):
        question["needed"] = 1  # what stops changes is for people to lift, and then to approve
    if question["needed"] == 0:
        question |= {"state": "approved", "decisions": [_by_policy(plan.digest).model_dump()]}
        incidents.note(event.incident, say("Approved by the service's policy, which asks nobody"))
    try:
        incidents.create(event.incident, approval.item(event.round), question)
    except Conflict:
        known = incidents.everything(event.incident)
        return _stored(aws, incidents, event, runbook, sealed, known)  # asked by another invocation just now
    incidents.update(event.incident, RECORD, {"round": event.round})
    return Approval.model_validate({"incident": event.incident} | question)


def _in(seconds: int) -> int:
    return int(time.time()) + seconds


def _by_policy(digest: str) -> Decision:
    proof = say("The service's file lets changes of this risk be made without asking")
    return Decision(decision="approved", approver="policy", channel="policy", at=now(), digest=digest, proof=proof)


def _replace(incidents: Incidents, event: Question, before: Approval | None) -> None:
    """End the question about the plan before this one, also where it was approved: that plan is not valid any more."""
    if before and before.state in {"pending", "approved"}:
        approval.keep(incidents, before, state="replaced")
        incidents.note(event.incident, say("The plan has changed: question {round} is replaced", round=before.round))


def _people(runbook: Compiled, question: Approval, turn: Turn) -> list[str]:
    said = {one.approver for one in question.approvals}
    return [one for one in turns.level(runbook.service.approval, turn.call).approvers if one not in said]


def _shown(aws: Session, runbook: Compiled, question: Approval, record: dict[str, Any]) -> dict[str, Any]:
    rules = runbook.service.approval
    return {
        "subject": _subject(runbook, question),
        "service": runbook.service,
        "runbook": runbook.runbook,
        "record": record,
        "question": question,
        "diagnosis": Diagnosis.model_validate_json(question.diagnosis),
        "stop": stops.why(aws, runbook.service),
        "minutes": _minutes(question),
        "next_level": rules.levels[question.level + 1] if question.level + 1 < len(rules.levels) else None,
    }


def _ask(aws: Session, incidents: Incidents, question: Approval, approver: str, shown: dict[str, Any]) -> None:
    link = secrets.token_urlsafe(32)
    owner = {"of": question.incident, "round": question.round, "level": question.level, "approver": approver}
    incidents.create(approval.link_item(link), "link", owner)
    url = f"{os.environ['APPROVAL_URL'].rstrip('/')}/incidents/{link}"
    mail.send(aws, approver, template="question.txt", link=url, **shown)


def _subject(runbook: Compiled, question: Approval) -> str:
    """Say service, urgency and runbook; what is cut at the end is the least."""
    told = {
        "service": runbook.service.name,
        "minutes": _minutes(question),
        "title": translated(runbook.runbook.title),
        "level": turns.level(runbook.service.approval, question.call).name,
    }
    if question.call % turns.CALLS:
        return say("[{service}] Reminder, {minutes} min left to decide: {title}", **told)
    if question.level:
        return say("[{service}] {level}, nobody has answered, {minutes} min to decide: {title}", **told)
    return say("[{service}] Decide within {minutes} min: {title}", **told)


def _minutes(question: Approval) -> int:
    return max(1, round((question.until - time.time()) / 60))


def _told(runbook: Compiled, turn: Turn, asked: list[str]) -> str:
    told = {"level": turns.level(runbook.service.approval, turn.call).name, "people": ", ".join(asked)}
    return say("Reminded {level}: {people}", **told) if turn.reminder else say("Asked {level}: {people}", **told)
