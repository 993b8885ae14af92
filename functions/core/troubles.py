"""Which incident is about which trouble of a service: one cause that shows in several runbooks is one incident."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.core.diagnosis import Diagnosis
from functions.core.incidents import Conflict, Incidents
from functions.core.plan import Plan

REMEMBERED = timedelta(minutes=15)  # the runbooks that see one cause start within minutes of each other
PEOPLE_KNOW = {"manual", "limited", "flapping", "rejected", "expired", "refused", "not fixed", "worse", "unverifiable"}


def names(diagnosis: Diagnosis, plan: Plan) -> list[str]:
    """Name the troubles of a diagnosis, alike in every runbook: what would mend it, and what people have to do."""
    changes = [step.change for step in plan.steps]
    manual = [cause.name for cause in diagnosis.confirmed if cause.manual]
    return sorted(hashlib.sha256(one.encode()).hexdigest()[:16] for one in [*changes, *manual])


def taken(incidents: Incidents, mine: Mapping[str, Any], wanted: Iterable[str]) -> str:
    """Take the troubles that are free for an incident, of which the record is given.

    Returns:
        The one other incident that is about all of them; empty where there is none.
    """
    holders = {_holder(incidents, mine, trouble) for trouble in wanted}
    (only,) = holders if len(holders) == 1 else {mine["incident"]}
    return "" if only == mine["incident"] else only


def _holder(incidents: Incidents, mine: Mapping[str, Any], trouble: str) -> str:
    """Return who is about a trouble; it becomes this incident's where nobody is, or no longer."""
    target, item = f"target#{mine['service']}", f"trouble#{trouble}"
    incident: str = mine["incident"]
    try:
        incidents.create(target, item, {"holder": incident})
    except Conflict as conflict:
        held = str(conflict.found["holder"])
        if held == incident or _about_it(incidents, held, mine["runbook"]):
            return held
        try:
            incidents.update(target, item, {"holder": incident}, holder=held)
        except Conflict:
            return ""  # changing hands at this moment: nobody's, and so not another's
    return incident


def _about_it(incidents: Incidents, held: str, runbook: str) -> bool:
    """Say whether an incident is at work, or was another runbook's of which people were told just now."""
    record = incidents.get(held) or {}
    if record.get("state") != "closed":
        return record.get("state") == "open"
    lately = datetime.now(UTC) - datetime.fromisoformat(record["closed_at"]) < REMEMBERED
    return lately and record["outcome"] in PEOPLE_KNOW and record["runbook"] != runbook
