"""Lets one incident at a time change a service: a lock around recheck, remediation and validation."""

import time
from typing import Any, Literal

from functions.core.aws import Session
from functions.core.incidents import Conflict, Incidents
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.step import Of, step
from statemachines import compiled

HELD_SECONDS = 3600


class Locking(Of):
    """Acquire or release."""

    action: Literal["acquire", "release"]


class TargetLocked(Exception):
    """Another incident is changing the service; the state machine waits and tries again."""


@step(allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", on="{table}"))
def handler(event: Locking, aws: Session) -> dict[str, Any]:
    """Acquire the service's lock for an hour, or release it; both may be repeated.

    Raises:
        TargetLocked: while another incident holds it.
    """
    target = f"target#{compiled.read(event.runbook).service.name}"
    act = _acquire if event.action == "acquire" else _release
    act(Incidents(aws), target, event.incident)
    return {"locked": event.action == "acquire"}


def _acquire(incidents: Incidents, target: str, incident: str) -> None:
    mine = {"holder": incident, "until": int(time.time()) + HELD_SECONDS}
    held = incidents.get(target, "lock")
    try:
        if held is None:
            incidents.create(target, "lock", mine)
        elif held["holder"] == incident or held["until"] < time.time():
            incidents.update(target, "lock", mine, holder=held["holder"], until=held["until"])
        else:
            raise TargetLocked(
                say("{target} is being changed by incident {other}", target=target, other=held["holder"])
            )
    except Conflict as error:
        raise TargetLocked(say("{target} was locked by another incident just now", target=target)) from error


def _release(incidents: Incidents, target: str, incident: str) -> None:
    try:
        incidents.delete(target, "lock", holder=incident)
    except Conflict:
        return  # not ours, or not held: nothing to release
