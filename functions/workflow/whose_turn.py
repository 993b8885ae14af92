"""Whose turn it is after nobody answered in time: a reminder, the next level, or nobody's."""

import time
from typing import Any

from functions.core import approval, turns
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.incidents import Conflict, Incidents
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.step import Of, step
from functions.core.turns import Turn
from statemachines import compiled
from statemachines.compiled import Compiled


class Silence(Of):
    """The question's round, and the call that nobody answered."""

    round: int
    turn: Turn


@step(allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"))
def handler(event: Silence, aws: Session) -> dict[str, Any]:
    """Go on to the next call, which ends the links of the level before it, or let the question expire.

    Returns:
        `decision` (ask, expired, or what was decided in the last moment) and the `turn`.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    after = turns.turn(runbook.service.approval, event.turn.call + 1)
    for _ in range(approval.TRIES):
        question = approval.read(incidents, event.incident, event.round)
        if question is None or question.state != "pending":
            return {"decision": question.state if question else "expired", "turn": event.turn.model_dump()}
        try:
            return _next(runbook, incidents, question, after)
        except Conflict:
            continue  # somebody decided at this moment
    raise Conflict(f"{event.incident}: too many decisions at once")


def _next(runbook: Compiled, incidents: Incidents, question: Approval, after: Turn | None) -> dict[str, Any]:
    if after is None:
        approval.change(incidents, question, state="expired")
        incidents.note(question.incident, say("Nobody decided in time"))
        return {"decision": "expired", "turn": turns.Turn(call=question.call, seconds=1).model_dump()}
    minutes = turns.level(runbook.service.approval, after.call).minutes
    until = question.until if after.reminder else int(time.time()) + minutes * 60
    approval.change(incidents, question, call=after.call, level=after.level, until=until)
    return {"decision": "ask", "turn": after.model_dump()}
