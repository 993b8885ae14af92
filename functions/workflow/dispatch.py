"""Turns an event into at most one execution: EventBridge delivers at least once and cannot name an execution."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from functions.core import approval, waiting
from functions.core.aws import Session
from functions.core.incidents import Conflict, Incidents
from functions.core.language import say
from functions.core.log import logger
from functions.core.permissions import allow
from functions.core.redaction import redact
from functions.core.step import step
from statemachines import compiled
from statemachines.compiled import Compiled

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

MAX_EVENT = 65_536
MAX_AGE = timedelta(minutes=15)
MAX_LOOKS = 50  # of one question: each look is some hundred events of the execution's history, which ends at 25,000
KINDS = {"ECS Task State Change": "ecs-task-stopped", "ECS Deployment State Change": "ecs-deployment-failed"}


class Ignored(Exception):
    """The event starts nothing; the message says why."""


class Event(BaseModel):
    """An EventBridge event, as far as every source has it in common."""

    model_config = ConfigDict(extra="ignore")

    source: str
    detail_type: str = Field(alias="detail-type")
    time: AwareDatetime
    detail: dict[str, Any]


class Start(NamedTuple):
    """What is to be started.

    `occasion` is what makes it one and the same occasion; `moment` stands first in the execution's name.
    """

    runbook: Compiled
    occasion: str
    moment: str
    at: datetime
    trigger: dict[str, str]

    @property
    def name(self) -> str:
        """The execution's name: readable, unique for the occasion, at most 80 characters."""
        what = re.sub(r"[^A-Za-z0-9]+", "-", self.trigger["name"])[:40]
        return f"{self.moment}-{what}-{hashlib.sha256(self.occasion.encode()).hexdigest()[:10]}"


@step(
    allow("cloudwatch:DescribeAlarms"),
    allow("states:StartExecution", "states:ListExecutions", "states:SendTaskSuccess", on="{state_machines}"),
    allow("dynamodb:GetItem", "dynamodb:UpdateItem", on="{table}"),
    allow("kms:Decrypt", on="{key}"),
)
def handler(event: dict[str, Any], aws: Session) -> dict[str, Any]:
    """Start the runbook that the event calls for, under a name that the same event always yields.

    Where the runbook is at work already and waits for an approval, it looks again whether its plan still holds.

    Returns:
        `started` (the execution's name, or None) and `why`.
    """
    try:
        started, why = _start(aws, _parsed(event)), ""
    except Ignored as reason:
        started, why = None, str(reason)
        logger.warning("not started", why=why)
    return {"started": started, "why": why}


def _parsed(event: Any) -> Event:
    size = len(json.dumps(event))
    if size > MAX_EVENT:
        raise Ignored(f"the event has {size} bytes; at most {MAX_EVENT} are read")
    try:
        return Event.model_validate(event)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the whole"
        raise Ignored(f"not an EventBridge event: {place}: {problem['msg']}") from error


def _start(aws: Session, event: Event) -> str:
    start = _alarm(aws, event) if event.source == "aws.cloudwatch" else _ecs(event)
    if datetime.now(UTC) - start.at > MAX_AGE:
        raise Ignored(f"{start.trigger['name']}: {start.trigger['at']} is more than {MAX_AGE} ago")
    states: SFNClient = aws.client("stepfunctions")
    machine = start.runbook.state_machine
    running = _running(aws, start.runbook)
    if running and running != [start.name]:
        looked = _look_again(aws, running)
        raise Ignored(f"{start.trigger['name']}: incident {running[0]} is already being worked on{looked}")
    try:
        states.start_execution(stateMachineArn=machine, name=start.name, input=json.dumps({"trigger": start.trigger}))
    except states.exceptions.ExecutionAlreadyExists as error:
        raise Ignored(f"{start.trigger['name']}: incident {start.name} was started by the same event") from error
    return start.name


def _running(aws: Session, runbook: Compiled) -> list[str]:
    states: SFNClient = aws.client("stepfunctions")
    found = states.list_executions(stateMachineArn=runbook.state_machine, statusFilter="RUNNING")["executions"]
    return [one["name"] for one in found]


def _look_again(aws: Session, running: list[str]) -> str:
    """Let whatever waits for an approval diagnose again; return what to say about it."""
    incidents = Incidents(aws)
    looking = [incident for incident in running if _looks(aws, incidents, incident)]
    return f"; looking again: {', '.join(looking)}" if looking else ""


def _looks(aws: Session, incidents: Incidents, incident: str) -> bool:
    record = incidents.get(incident) or {}
    question = approval.read(incidents, incident, record.get("round", 0))
    if question is None or not question.open or question.looks >= MAX_LOOKS:
        return False
    try:
        approval.change(incidents, question, looks=question.looks + 1)
    except Conflict:
        return False  # somebody decides at this moment: the plan is checked again before it counts
    return waiting.answer(aws, question, "look again")


def _alarm(aws: Session, event: Event) -> Start:
    name = str(event.detail.get("alarmName", ""))
    runbook = next((one for one in compiled.read_all() if one.service.alarms.get(name) == one.runbook.name), None)
    if runbook is None:
        raise Ignored(f"no runbook is started by the alarm {name[:100] or '(without a name)'}")
    answer = aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    alarms = [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    if not alarms:
        raise Ignored(f"the alarm {name} does not exist (any more)")
    if alarms[0]["StateValue"] != "ALARM":
        looked = _look_again(aws, _running(aws, runbook))
        raise Ignored(f"the alarm {name} is {alarms[0]['StateValue']} again{looked}")
    return Start(
        runbook=runbook,
        occasion=f"{alarms[0]['AlarmArn']} {event.time.isoformat()}",
        moment=f"{event.time:%Y-%m-%dT%H-%M-%S}",
        at=event.time,
        trigger=_trigger("alarm", name, alarms[0].get("StateReason", ""), event.time),
    )


def _ecs(event: Event) -> Start:
    kind = KINDS.get(event.detail_type, "") if event.source == "aws.ecs" else ""
    runbook = next((one for one in compiled.read_all() if kind in one.service.runbooks[one.runbook.name].events), None)
    deployment = str(event.detail.get("startedBy") or event.detail.get("deploymentId") or "")
    if runbook is None or not deployment:
        raise Ignored(f"no runbook is started by the event {event.source[:50]} {event.detail_type[:100]}")
    reason = str(event.detail.get("stoppedReason") or event.detail.get("reason") or say("no reason given"))
    hour = f"{event.time:%Y-%m-%dT%H}"
    return Start(
        runbook=runbook,
        occasion=f"{runbook.service.name} {deployment} {hour}",  # a crash loop stops a task every few seconds
        moment=hour,
        at=event.time,
        trigger=_trigger("event", kind, reason, event.time),
    )


def _trigger(kind: str, name: str, reason: str, at: datetime) -> dict[str, str]:
    line = " ".join(redact(reason).split())  # of several lines, one could pass for a part of our mail
    return {"kind": kind, "name": name, "reason": line[:500], "at": at.isoformat()}
