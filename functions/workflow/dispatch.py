"""Turns an event into at most one execution: EventBridge delivers at least once and cannot name an execution."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from functions.core import alarms, approval, events, occasions, stops, unstarted, waiting
from functions.core.aws import Session
from functions.core.events import Call
from functions.core.incidents import TRIGGER, Conflict, Incidents
from functions.core.language import say
from functions.core.occasions import Claim
from functions.core.permissions import allow
from functions.core.step import step
from functions.core.unstarted import Ignored
from statemachines import compiled
from statemachines.compiled import Compiled

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

MAX_LOOKS = 50  # of one question: each look is some hundred events of the execution's history, which ends at 25,000


@step(
    alarms.PERMISSION,
    stops.PERMISSION,
    allow("states:StartExecution", "states:SendTaskSuccess", on="{state_machines}"),
    allow("states:DescribeExecution", on="{executions}"),
    allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", on="{table}"),
    allow("kms:Decrypt", on="{key}"),
)
def handler(event: dict[str, Any], aws: Session) -> dict[str, Any]:
    """Start the runbook that the event calls for, under a name that the same event always yields.

    Where an incident is at work already, the event is counted in its record; if it waits for an approval, it looks
    again whether its plan still holds. What can be neither started nor counted is kept with the reason.

    Returns:
        `started` (the execution's name, or None), the `reason` in a word where nothing was started, and `why`.
    """
    runbooks = compiled.read_all()
    try:
        return {"started": _start(aws, event, runbooks), "reason": "", "why": ""}
    except Ignored as ignored:
        unstarted.keep(Incidents(aws), runbooks[0].service.name, event, ignored)
        return {"started": None, "reason": ignored.reason, "why": str(ignored)}


def _start(aws: Session, event: dict[str, Any], runbooks: list[Compiled]) -> str:
    call = events.read(event, runbooks)
    if call.kind == "alarm":
        call = _heard(aws, call)
    if stopped := stops.stopped(aws, call.runbook.service.name):
        raise Ignored("stopped", f"{call.name}: {stopped}")
    for _ in range(occasions.TRIES):
        claim = occasions.claim(aws, call.runbook, call.incident)
        if claim.holder == call.incident:
            return _begin(aws, call, claim)
        _count(aws, call, claim.holder)  # raises, unless that incident has just ended
    raise Conflict(f"{call.name}: one incident after the other begins and ends")


def _heard(aws: Session, call: Call) -> Call:
    """Read the alarm again: only one that still rings, and that nobody has muted, is a reason to start."""
    alarm = alarms.read(aws, call.name)
    if alarm is None:
        raise Ignored("unknown", say("the alarm {name} does not exist (any more)", name=call.name))
    if alarm.state != alarms.RINGING:
        text = say("the alarm {name} is {state} again", name=call.name, state=alarm.state)
        raise Ignored("over", _looked_again(aws, occasions.holder(Incidents(aws), call.runbook), text))
    if alarm.muted:
        raise Ignored("muted", say("the alarm {name} is muted: {why}", name=call.name, why=alarm.muted))
    return call._replace(reason=alarm.reason)


def _begin(aws: Session, call: Call, claim: Claim) -> str:
    """Start the incident that has claimed the target; starting it twice changes nothing."""
    states: SFNClient = aws.client("stepfunctions")
    incidents = Incidents(aws)
    known = not _triggers(incidents, call)
    try:
        states.start_execution(stateMachineArn=call.runbook.state_machine, name=call.incident, input="{}")
    except states.exceptions.ExecutionAlreadyExists:
        known = True
        if claim.made:
            occasions.release(incidents, call.runbook, call.incident)
    told = {"name": call.name, "incident": call.incident}
    if not occasions.count(incidents, call.incident, call.event, call.trigger):
        raise Ignored("duplicate", say("{name}: incident {incident} was started by the same event", **told))
    if known:
        raise Ignored("counted", say("{name}: incident {incident} was started for the same reason", **told))
    return call.incident


def _triggers(incidents: Incidents, call: Call) -> bool:
    """Write down what starts the incident: not into the execution's input, where anybody could say so.

    Returns:
        Whether that is this event; another one of the same occasion may have been first.
    """
    try:
        incidents.create(call.incident, TRIGGER, call.trigger)
    except Conflict as conflict:
        return bool(conflict.found["event"] == call.event)
    return True


def _count(aws: Session, call: Call, incident: str) -> None:
    """Count the event in the record of the incident that is at work.

    Raises:
        Ignored: when that is done; where the incident has just ended, it might count an event that it never looked at.
    """
    incidents, told = Incidents(aws), {"name": call.name, "incident": incident}
    new = occasions.count(incidents, incident, call.event, call.trigger)
    if occasions.holder(incidents, call.runbook) != incident:
        return
    if not new:
        raise Ignored("duplicate", say("{name}: the same event was counted for incident {incident}", **told))
    text = say("{name}: incident {incident} is already being worked on", **told)
    raise Ignored("counted", _looked_again(aws, incident, text))


def _looked_again(aws: Session, incident: str, text: str) -> str:
    """Let an incident that waits for an approval diagnose again; return what to say about it."""
    looked = incident and _looks(aws, Incidents(aws), incident)
    return say("{what}; looking again: {incident}", what=text, incident=incident) if looked else text


def _looks(aws: Session, incidents: Incidents, incident: str) -> bool:
    record = incidents.get(incident) or {}
    for _ in range(approval.TRIES):
        question = approval.read(incidents, incident, record.get("round", 0))
        if question is None or not question.open or question.looks >= MAX_LOOKS:
            return False
        with suppress(Conflict):  # somebody decides at this moment, or the question takes its next token
            question = approval.change(incidents, question, looks=question.looks + 1)
            if not waiting.answer(aws, question, "look again"):
                approval.change(incidents, question, missed=True)  # it is looking now: who asks next looks once more
            return True
    return False
