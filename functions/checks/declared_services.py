"""Does a compose file have these services?"""

from functions.core import compose
from functions.core.aws import Session
from functions.core.fields import ComposeService
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.results import Finding

SUMMARY = marked("services in {file}: {services}")


class DeclaredServices(OfCompose):
    """The services, as somebody calls them."""

    services: list[ComposeService]


@host_check(
    "look_compose",
    signals={
        "declared": "The compose file has every service that was named",
        "undeclared": "The compose file has no such service",
    },
)
def handler(parameters: DeclaredServices, aws: Session) -> Finding:
    """Is what was named there? Source: Harena, Déploiement d'urgence; Service down, `[service_name]`."""
    found = sorted(compose.declared(aws, parameters))
    declared = set(parameters.services) <= set(found)
    return Finding(
        summary=say(SUMMARY, file=parameters.file, services=", ".join(found)),
        signals={"declared": declared, "undeclared": not declared},
        facts={"services": found},
    )
