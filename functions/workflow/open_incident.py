"""Opens an incident: validates what the execution was started with and resolves every check's parameters."""

import json
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from functions.core import occasions
from functions.core.aws import Session
from functions.core.incidents import RECORD, TRIGGER, Conflict, Incidents, now
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.requester import Requester
from functions.core.step import Of, step
from statemachines import compiled
from statemachines.compiled import Compiled

MAX_INPUT = 8_192


class Opening(Of):
    """The execution's input, as somebody or something gave it."""

    input: Any


class Trigger(BaseModel):
    """What started the incident, as the dispatcher wrote it down: who only starts an execution cannot pass for it."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["alarm", "event"]
    name: str
    reason: str
    at: str
    event: str
    parameters: dict[str, str] = {}


class Input(BaseModel):
    """What an execution may be started with; `{}` is enough."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["fix", "diagnose"] = "fix"
    parameters: dict[str, Any] = {}
    requester: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=100)] = ""


class BadInput(Exception):
    """The input says something it may not; the message says what, and what is allowed."""


@step(
    allow("dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"),
    allow("states:DescribeExecution", on="{executions}"),
)
def handler(event: Opening, aws: Session) -> dict[str, Any]:
    """Validate the input, open the incident's record, resolve the parameters.

    Returns:
        `refused` (empty, or why nothing was done), `mode`, and `checks`: the parameters of each check.
    """
    runbook = compiled.read(event.runbook)
    try:
        asked = _validated(event.input, runbook)
    except BadInput as error:
        return {"refused": str(error), "mode": "", "checks": {}}
    incidents = Incidents(aws)
    known = incidents.everything(event.incident)
    if taken := _of_another(event, known.get(RECORD, {})):
        return taken
    trigger = Trigger.model_validate(known[TRIGGER]) if TRIGGER in known else None
    if runbook.runbook.only_looks and not trigger:  # who asks how it is reads it in the report
        asked = asked.model_copy(update={"mode": "diagnose"})
    other = "" if trigger else _other(aws, runbook, event.incident, asked)
    try:
        opened = _record(incidents, event, asked, trigger, runbook, other)
    except Conflict as conflict:
        if taken := _of_another(event, conflict.found):
            return taken
        opened = str(conflict.found["opened_at"])  # this very state was retried
    resources = runbook.service.resources | _given(asked, trigger)
    checks = {name: use.parameters(resources, opened) for name, use in runbook.runbook.checks.items()}
    return {"refused": "", "mode": asked.mode, "checks": checks}


def _of_another(event: Opening, record: dict[str, Any]) -> dict[str, Any] | None:
    """Refuse a name under which another runbook has an incident; None where it has none."""
    other = record.get("runbook", event.runbook)
    if other == event.runbook:
        return None
    text = say("The runbook {other} has an incident of this name: choose another name.", other=other)
    return {"refused": text, "mode": "", "checks": {}}


def _validated(given: Any, runbook: Compiled) -> Input:
    size = len(json.dumps(given))
    if size > MAX_INPUT:
        text = say("The input has {size} bytes; at most {most} are allowed.", size=size, most=MAX_INPUT)
        raise BadInput(f"{text} {_allowed(runbook)}")
    try:
        asked = Input.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "input"
        raise BadInput(f"{place}: {problem['msg']}. {_allowed(runbook)}") from error
    overrides = _overrides(runbook)
    for name, value in asked.parameters.items():
        if name not in overrides:
            raise BadInput(f"parameters.{name}: {say('may not be given by hand.')} {_allowed(runbook)}")
        if not isinstance(value, str) or not re.fullmatch(overrides[name], value):
            text = say("must be a text that matches {pattern}", pattern=overrides[name])
            raise BadInput(f"parameters.{name}: {text}")
    return asked


def _allowed(runbook: Compiled) -> str:
    overrides = ", ".join(_overrides(runbook)) or "-"
    given = '{"mode": "fix" | "diagnose", "parameters": {…}, "requester": "you@example.com"}'
    return say("Allowed: {nothing} or {given} with the parameters {names}.", nothing="{}", given=given, names=overrides)


def _overrides(runbook: Compiled) -> dict[str, str]:
    return dict(runbook.service.runbooks[runbook.runbook.name].overrides)


def _other(aws: Session, runbook: Compiled, incident: str, asked: Input) -> str:
    """Claim the target for an engineer's own repair; return the incident that works on it already, if one does.

    Who only diagnoses claims nothing, so that an alarm still starts its incident; dispatch has claimed for the others.
    """
    if asked.mode == "diagnose":
        return ""
    holder = occasions.claim(aws, runbook, incident).holder
    return "" if holder == incident else holder


def _record(
    incidents: Incidents, event: Opening, asked: Input, trigger: Trigger | None, runbook: Compiled, other: str
) -> str:
    """Write down that it is open; return since when.

    Raises:
        Conflict: when there is a record already.
    """
    by_hand = {} if trigger else {"requester": _requester(asked).model_dump()}
    record = by_hand | {
        "service": runbook.service.name,
        "runbook": event.runbook,
        "mode": asked.mode,
        "overrides": _given(asked, trigger),
        "trigger": trigger.model_dump() if trigger else {"kind": "person"},
        "opened_at": now(),
        "state": "open",
    }
    incidents.create(event.incident, RECORD, record)
    why = trigger.reason if trigger else say("started by hand")
    incidents.note(event.incident, say("Opened: {why}", why=why))
    if other:
        incidents.note(event.incident, say("Incident {other} is being worked on at the same time", other=other))
    return str(record["opened_at"])


def _given(asked: Input, trigger: Trigger | None) -> dict[str, Any]:
    """Join what the event and the input name otherwise than the service's file."""
    return (trigger.parameters if trigger else {}) | asked.parameters


def _requester(asked: Input) -> Requester:
    return Requester(who=asked.requester, proof="declared") if asked.requester else Requester()
