"""The events that call for a runbook: an alarm's transition, and what ECS, ACM and a team's own pipeline tell."""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from functions.core.language import say
from functions.core.redaction import redact
from functions.core.unstarted import Ignored
from statemachines.compiled import Compiled

MAX_EVENT = 65_536
FUTURE = timedelta(minutes=5)  # clocks differ, but not by more
KINDS = {
    ("aws.ecs", "ECS Task State Change"): "ecs-task-stopped",
    ("aws.ecs", "ECS Deployment State Change"): "ecs-deployment-failed",
    ("aws.acm", "ACM Certificate Approaching Expiration"): "certificate-expiring",
    ("aws.acm", "ACM Certificate Expired"): "certificate-expiring",
    ("pipeline", "Deployment finished"): "pipeline-finished",
}
VERSION = "expected_version"  # the parameter that a pipeline's event gives


class Event(BaseModel):
    """An EventBridge event, as far as every source has it in common."""

    model_config = ConfigDict(extra="ignore")

    source: str
    detail_type: str = Field(alias="detail-type")
    resources: list[str] = []
    time: AwareDatetime
    detail: dict[str, Any]

    @property
    def identity(self) -> str:
        """What two deliveries of one event have in common, and two events have not."""
        return _digest(f"{self.source} {self.detail_type} {self.resources} {self.time.isoformat()}")


class Call(NamedTuple):
    """An event that calls for a runbook.

    `occasion` is what makes it one and the same incident, `event` one and the same event; `moment` stands first in the
    execution's name; `parameters` are resources that the event names otherwise than the service's file.
    """

    runbook: Compiled
    kind: Literal["alarm", "event"]
    name: str
    reason: str
    at: datetime
    occasion: str
    moment: str
    event: str
    parameters: dict[str, str] = {}  # noqa: RUF012 (a field of a NamedTuple, which nobody changes)

    @property
    def incident(self) -> str:
        """The execution's name: readable, unique for the occasion, at most 80 characters."""
        what = re.sub(r"[^A-Za-z0-9]+", "-", self.name)[:40]
        return f"{self.moment}-{what}-{_digest(self.occasion)}"

    @property
    def trigger(self) -> dict[str, Any]:
        """What started the execution; by `event`, dispatch tells two events of one occasion apart."""
        line = " ".join(redact(self.reason).split())  # of several lines, one could pass for a part of our mail
        what = {"kind": self.kind, "name": self.name, "reason": line[:500]}
        return {**what, "at": self.at.isoformat(), "event": self.event, "parameters": self.parameters}


def read(given: Any, runbooks: Iterable[Compiled]) -> Call:
    """Read what Lambda was given as a call for one of the runbooks.

    Raises:
        Ignored: when it is no event, calls for none of them, or is too old or too new to be acted on.
    """
    event = _parsed(given)
    call = _alarm(event, runbooks) if event.source == "aws.cloudwatch" else _other(event, runbooks)
    most, age = timedelta(minutes=call.runbook.service.event_minutes), datetime.now(UTC) - call.at
    if age > most:
        text = say("{name}: {at} is more than {most} ago", name=call.name, at=call.at.isoformat(), most=most)
        raise Ignored("stale", text)
    if age < -FUTURE:
        raise Ignored("stale", say("{name}: {at} is yet to come", name=call.name, at=call.at.isoformat()))
    return call


def _parsed(given: Any) -> Event:
    size = len(json.dumps(given))
    if size > MAX_EVENT:
        text = say("the event has {size} bytes; at most {most} are read", size=size, most=MAX_EVENT)
        raise Ignored("too large", text)
    try:
        return Event.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or say("the whole")
        text = say("not an EventBridge event: {place}: {problem}", place=place, problem=problem["msg"])
        raise Ignored("malformed", text) from error


def _alarm(event: Event, runbooks: Iterable[Compiled]) -> Call:
    name = str(event.detail.get("alarmName") or "")
    runbook = next((one for one in runbooks if one.service.alarms.get(name) == one.runbook.name), None)
    if runbook is None:
        told = name[:100] or say("(without a name)")
        raise Ignored("unknown", say("no runbook is started by the alarm {name}", name=told))
    return Call(
        runbook=runbook,
        kind="alarm",
        name=name,
        reason="",
        at=event.time,
        occasion=f"{name} {event.time.isoformat()}",
        moment=f"{event.time:%Y-%m-%dT%H-%M-%S}",
        event=event.identity,
    )


def _other(event: Event, runbooks: Iterable[Compiled]) -> Call:
    kind = KINDS.get((event.source, event.detail_type), "")
    runbook = next((one for one in runbooks if kind in one.service.runbooks[one.runbook.name].events), None)
    told = TOLD[event.source](event) if runbook else None
    if runbook is None or told is None:
        name = f"{event.source[:50]} {event.detail_type[:100]}"
        raise Ignored("unknown", say("no runbook is started by the event {name}", name=name))
    parameters = {VERSION: told.version} if told.version else {}
    _refuse_unfit(runbook, parameters)
    hour = f"{event.time:%Y-%m-%dT%H}"
    return Call(
        runbook=runbook,
        kind="event",
        name=kind,
        reason=told.reason,
        at=event.time,
        occasion=f"{runbook.service.name} {told.about} {hour}",  # a crash loop stops a task every few seconds
        moment=hour,
        event=event.identity,
        parameters=parameters,
    )


class Told(NamedTuple):
    """What an event is about, why it was sent, and the version that it says is deployed."""

    about: str
    reason: str
    version: str = ""


def _ecs(event: Event) -> Told | None:
    deployment = str(event.detail.get("startedBy") or event.detail.get("deploymentId") or "")
    reason = str(event.detail.get("stoppedReason") or event.detail.get("reason") or say("no reason given"))
    return Told(deployment, reason) if deployment else None


def _acm(event: Event) -> Told | None:
    certificate, days = "".join(event.resources[:1]), event.detail.get("DaysToExpiry", "?")
    reason = say(
        "{event}: {certificate}, {days} days left", event=event.detail_type, certificate=certificate, days=days
    )
    return Told(certificate, reason) if certificate else None


def _pipeline(event: Event) -> Told | None:
    version = str(event.detail.get("version") or "")
    about = f"{version} {event.time.isoformat()}"  # each deployment is an occasion of its own
    return Told(about, say("the pipeline has deployed {version}", version=version), version) if version else None


TOLD = {"aws.ecs": _ecs, "aws.acm": _acm, "pipeline": _pipeline}


def _refuse_unfit(runbook: Compiled, parameters: dict[str, str]) -> None:
    """Refuse what an engineer could not say by hand either."""
    overrides = runbook.service.runbooks[runbook.runbook.name].overrides
    for name, value in parameters.items():
        if not re.fullmatch(overrides.get(name, r"(?!)"), value):
            raise Ignored("malformed", say("{name} may not be {value}", name=name, value=repr(value[:100])))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
