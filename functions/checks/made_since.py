"""Were the containers of a compose project made since a moment?"""

from datetime import UTC, datetime
from itertools import pairwise

from pydantic import AwareDatetime

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import ComposeService
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.output import pairs
from functions.core.results import Finding
from functions.core.template import readable

SUMMARY = marked("made anew: {anew}; made before: {older}")


class MadeSince(OfCompose):
    """The services, and the moment since which each of them is to have a new container."""

    services: list[ComposeService]
    since: AwareDatetime


@host_check("look_made", signals={"older": "Not every container was made anew since this runbook was started"})
def handler(parameters: MadeSince, aws: Session) -> Finding:
    """Which containers are newer than a moment? Source: Harena, Déploiement standard, 4; Déploiement d'urgence.

    By their ages: the host's clock may differ from ours. What was made while the host was asked may count as older. A
    service without a container has none that is newer.
    """
    of, file = parameters.directory, parameters.file
    longest = (datetime.now(UTC) - parameters.since).total_seconds()
    ages = _ages(hosts.run(aws, parameters.instance, "look_made", directory=of, file=file).output)
    older = [one for one in parameters.services if one not in ages or ages[one] > longest]
    anew = [one for one in parameters.services if one not in older]
    return Finding(
        summary=say(SUMMARY, anew=readable(anew), older=readable(older)),
        signals={"older": bool(older)},
        facts={"anew": anew, "older": older},
    )


def _ages(output: str) -> dict[str, float]:
    """Return the seconds since each service's oldest container was made."""
    said = list(pairs(output))
    now = datetime.fromisoformat(dict(said)["now"])
    ages: dict[str, float] = {}
    for (_, made), (name, service) in pairwise(said):
        if name == "service":
            age = (now - datetime.fromisoformat(made)).total_seconds()
            ages[service] = max(age, ages.get(service, age))
    return ages
