"""What can be broken: each incident does through AWS's API what an operator or a bad deployment would have done."""

from sandbox.incidents import availability, certificates, echo, memory, versions
from sandbox.incidents.availability import MISSING_RELEASE
from sandbox.incidents.incident import Incident

__all__ = ["INCIDENTS", "MISSING_RELEASE", "Incident", "find"]

_ALL = (*availability.INCIDENTS, *echo.INCIDENTS, *certificates.INCIDENTS, *versions.INCIDENTS, *memory.INCIDENTS)
INCIDENTS = {incident.name: incident for incident in _ALL}


def find(name: str) -> Incident:
    """Return the incident of that name; raises ValueError with the names there are."""
    if name not in INCIDENTS:
        raise ValueError(f"There is no incident {name!r}. Choose one of: {', '.join(INCIDENTS)}")
    return INCIDENTS[name]
