"""The state machine that waits for an answer, and how it gets one."""

import json
from typing import TYPE_CHECKING

from functions.core import approval, token
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.incidents import Incidents
from functions.core.language import say
from functions.core.log import logger

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


def answer(aws: Session, question: Approval, decision: str) -> bool:
    """Let the state machine go on with a decision; False where it does not wait for this question now."""
    states: SFNClient = aws.client("stepfunctions")
    opened = token.opened(aws, question.token, question.incident, question.round)
    over = (states.exceptions.TaskTimedOut, states.exceptions.TaskDoesNotExist, states.exceptions.InvalidToken)
    try:
        states.send_task_success(taskToken=opened, output=json.dumps({"decision": decision}))
    except over:
        logger.warning("not waiting for a decision", incident=question.incident)
        return False
    return True


def tell(aws: Session, incidents: Incidents, question: Approval) -> None:
    """Tell the state machine what was decided, unless it knows; repeated after a crash in between.

    Where it does not wait now, it is between two waits and reads the decision before the next one, or it has ended.
    """
    if not question.decided or question.told:
        return
    told = answer(aws, question, question.state)
    closed = (incidents.get(question.incident) or {}).get("state") == "closed"
    if closed and not told:
        incidents.note(question.incident, say("The incident was not waiting for a decision any more"))
    if told or closed:
        approval.keep(incidents, question, told=True)
