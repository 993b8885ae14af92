"""Which incident is about which trouble of a service: one cause that shows in several runbooks is one incident."""

import hashlib
import json
from collections.abc import Iterable

from functions.core.diagnosis import Diagnosis
from functions.core.incidents import RECORD, Conflict, Incidents
from functions.core.plan import Plan


def names(diagnosis: Diagnosis, plan: Plan) -> list[str]:
    """Name the troubles of a diagnosis, alike in every runbook: what would mend it, and what people have to do."""
    changes = [json.dumps([step.fix, step.parameters], sort_keys=True) for step in plan.steps]
    manual = [cause.name for cause in diagnosis.confirmed if cause.manual]
    return sorted(hashlib.sha256(one.encode()).hexdigest()[:16] for one in [*changes, *manual])


def taken(incidents: Incidents, service: str, incident: str, wanted: Iterable[str]) -> str:
    """Take troubles for an incident.

    Returns:
        The one other incident that is about all of them already; empty where there is none.
    """
    holders = {_holder(incidents, service, incident, trouble) for trouble in wanted}
    (only,) = holders if len(holders) == 1 else {incident}
    return "" if only == incident else only


def release(incidents: Incidents, service: str, incident: str) -> None:
    """Give back what an incident has taken."""
    for item in incidents.history(_target(service), "trouble#"):
        if item["holder"] == incident:
            _delete(incidents, item)


def _holder(incidents: Incidents, service: str, incident: str, trouble: str) -> str:
    """Return who is about a trouble: whoever is already, as long as that incident is open."""
    target, item = _target(service), f"trouble#{trouble}"
    try:
        incidents.create(target, item, {"holder": incident})
    except Conflict:
        held = str((incidents.get(target, item) or {}).get("holder", ""))
        if held == incident or (incidents.get(held, RECORD) or {}).get("state") == "open":
            return held
        try:
            incidents.update(target, item, {"holder": incident}, holder=held)
        except Conflict:
            return ""  # changing hands at this moment: nobody's, and so not another's
    return incident


def _delete(incidents: Incidents, item: dict[str, str]) -> None:
    try:
        incidents.delete(item["incident"], item["item"], holder=item["holder"])
    except Conflict:
        return


def _target(service: str) -> str:
    return f"target#{service}"
