"""What can be broken: each incident does what an operator, a bad deployment or bad luck would have done."""

from collections.abc import Mapping
from typing import Any

from sandbox.incidents import availability, certificates, echo, harena, huntaze, memory, versions
from sandbox.incidents.availability import MISSING_RELEASE
from sandbox.incidents.incident import Incident

__all__ = ["BY_SERVICE", "INCIDENTS", "MISSING_RELEASE", "Incident", "find"]

_ALL = (*availability.INCIDENTS, *echo.INCIDENTS, *certificates.INCIDENTS, *versions.INCIDENTS, *memory.INCIDENTS)
INCIDENTS = {incident.name: incident for incident in _ALL}
BY_SERVICE: dict[str, Mapping[str, Incident[Any]]] = {
    "ganopa-bot": INCIDENTS,
    "harena": {incident.name: incident for incident in harena.INCIDENTS},
    "huntaze": {incident.name: incident for incident in huntaze.INCIDENTS},
}


def find(name: str, service: str = "ganopa-bot") -> Incident[Any]:
    """Return a service's incident of that name; raises ValueError with the names there are."""
    known = BY_SERVICE[service]
    if name not in known:
        raise ValueError(f"There is no incident {name!r} of {service}. Choose one of: {', '.join(known)}")
    return known[name]
