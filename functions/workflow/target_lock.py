"""Lets one incident at a time change a service: a lock around recheck, remediation and validation.

Each time it is taken it gets the next number, its fencing token: a fix acts for the latest one only, so that an
incident that was held up until its lock expired changes nothing beside the one that came after it.
"""

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


@step(allow("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", on="{table}"))
def handler(event: Locking, aws: Session) -> dict[str, Any]:
    """Acquire the service's lock for an hour, or release it; both may be repeated.

    Returns:
        `lock`: the number that every fix has to show; 0 after a release.

    Raises:
        TargetLocked: while another incident holds it.
    """
    service, incidents = compiled.read(event.runbook).service.name, Incidents(aws)
    if event.action == "acquire":
        return {"lock": _acquire(incidents, service, event.incident)}
    release(incidents, service, event.incident)
    return {"lock": 0}


def release(incidents: Incidents, service: str, incident: str) -> None:
    """Give a service's lock back, where this incident holds it."""
    try:
        incidents.update(f"target#{service}", "lock", {"holder": "", "until": 0}, holder=incident)
    except Conflict:
        return  # not ours, or not held: nothing to release


def changing(incidents: Incidents, service: str) -> bool:
    """Say whether an incident holds a service's lock now."""
    held = incidents.get(f"target#{service}", "lock")
    return held is not None and held["holder"] != "" and held["until"] > time.time()


def _acquire(incidents: Incidents, service: str, incident: str) -> int:
    target = f"target#{service}"
    held = incidents.get(target, "lock")
    again = held is not None and held["holder"] == incident and held["until"] > time.time()  # this very state, retried
    number = held["token"] + (not again) if held else 1
    mine = {"holder": incident, "until": int(time.time()) + HELD_SECONDS, "token": number}
    try:
        if held is None:
            incidents.create(target, "lock", mine)
        elif held["holder"] in {"", incident} or held["until"] < time.time():
            incidents.update(target, "lock", mine, token=held["token"], holder=held["holder"])
        else:
            other = held["holder"]
            raise TargetLocked(say("{target} is being changed by incident {other}", target=service, other=other))
    except Conflict as error:
        raise TargetLocked(say("{target} was locked by another incident just now", target=service)) from error
    return number
