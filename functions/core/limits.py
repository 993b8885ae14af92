"""How far the plans of a service may go: the bounds of its file, and how often it may be repaired."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from functions.core.incidents import Conflict, Incidents, now
from functions.core.language import say
from functions.core.plan import Plan
from statemachines.model import DAYS, Bounds, Hours, Limits, Service


def beyond(service: Service, plan: Plan, at: datetime | None = None) -> list[str]:
    """List in which ways a plan goes beyond its service's limits at a time, which is now unless said."""
    clock = (at or datetime.now(UTC)).astimezone(ZoneInfo(service.timezone))
    return [
        reason
        for fix, limits in service.limits.items()
        for reason in _beyond(limits, fix, [one for one in plan.steps if one.fix == fix], clock)
    ]


def _beyond(limits: Limits, fix: str, steps: list[Any], clock: datetime) -> list[str]:
    if not steps:
        return []
    reasons = [
        reason
        for step in steps
        for name, bounds in limits.bounds.items()
        for reason in _out_of(bounds, fix, name, step.parameters.get(name))
    ]
    touched = sum(step.touches for step in steps)
    if limits.resources is not None and touched > limits.resources:
        reasons.append(
            say("{fix} would touch {count} resources, at most {most}", fix=fix, count=touched, most=limits.resources)
        )
    for hours in limits.forbidden:
        if _within(hours, clock):
            told = {"fix": fix, "start": hours.start, "end": hours.end, "zone": clock.tzinfo}
            reasons.append(say("{fix} may not run from {start} to {end} ({zone})", **told))
    return reasons


def _out_of(bounds: Bounds, fix: str, name: str, value: Any) -> list[str]:
    if not isinstance(value, int | float):
        return [say("{fix}: {name} is {value}, which is no number", fix=fix, name=name, value=value)]
    if bounds.least is not None and value < bounds.least:
        return [say("{fix}: {name} is {value}, at least {least}", fix=fix, name=name, value=value, least=bounds.least)]
    if bounds.most is not None and value > bounds.most:
        return [say("{fix}: {name} is {value}, at most {most}", fix=fix, name=name, value=value, most=bounds.most)]
    return []


def _within(hours: Hours, clock: datetime) -> bool:
    """Say whether a time is in these hours; past midnight they still belong to the day on which they began."""
    time_of_day = f"{clock:%H:%M}"
    today, yesterday = DAYS[clock.weekday()], DAYS[(clock - timedelta(days=1)).weekday()]
    if hours.start < hours.end:
        return today in hours.days and hours.start <= time_of_day < hours.end
    return (today in hours.days and time_of_day >= hours.start) or (yesterday in hours.days and time_of_day < hours.end)


def flapping(incidents: Incidents, service: Service, incident: str) -> str:
    """Say whether other incidents have repaired the service too often lately; empty where they have not."""
    rule = service.flapping
    since = (datetime.now(UTC) - timedelta(hours=rule.hours)).isoformat(timespec="milliseconds")
    repairs = incidents.history(_target(service), "repair#")
    lately = {one["of"] for one in repairs if one["at"] >= since and one["of"] != incident}
    if len(lately) < rule.repairs:
        return ""
    return say(
        "{service} has been repaired {count} times within {hours} hours and fails again",
        service=service.name,
        count=len(lately),
        hours=rule.hours,
    )


def repairing(incidents: Incidents, service: Service, incident: str) -> None:
    """Remember that an incident repairs the service, for as long as the flapping guard looks back."""
    moment, expires = now(), int(time.time()) + service.flapping.hours * 3600
    try:
        incidents.create(_target(service), f"repair#{incident}", {"of": incident, "at": moment, "expires": expires})
    except Conflict:
        return  # an earlier fix of the same plan


def _target(service: Service) -> str:
    return f"target#{service.name}"
