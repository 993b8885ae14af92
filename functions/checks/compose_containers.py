"""Do the containers of a compose project run, and well?"""

from functions.core import compose
from functions.core.aws import Session
from functions.core.fields import ComposeService
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.output import percent
from functions.core.results import Finding

SUMMARY = marked("{running} of {wanted} services run; down: {down}; unhealthy: {unhealthy}; missing: {missing}")


class ComposeContainers(OfCompose):
    """The services that have to run, as the compose file calls them."""

    expected: list[ComposeService]


@host_check(
    "look_containers",
    signals={
        "down": "A container of a service does not run",
        "unhealthy": "A container fails its own health check",
        "missing": "A service has no container",
        "several": "Several services are down, unhealthy or missing",
        "starting": "A container has not passed its health check yet",
    },
)
def handler(parameters: ComposeContainers, aws: Session) -> Finding:
    """Does every service have a healthy container? Source: Harena, Commandes de diagnostic rapide; Service down."""
    expected = parameters.expected
    found = [one for one in compose.containers(aws, parameters) if one.service in expected]
    down = [one.service for one in found if not one.runs]
    unhealthy = [one.service for one in found if one.runs and one.health == "unhealthy"]
    missing = [service for service in expected if service not in {one.service for one in found}]
    well = [one.service for one in found if one.runs and one.health in ("healthy", "")]
    affected = list(dict.fromkeys([*down, *unhealthy, *missing]))
    told = {"down": down, "unhealthy": unhealthy, "missing": missing}
    words = {name: ", ".join(one) or say("none") for name, one in told.items()}
    running = len({one.service for one in found if one.runs})
    return Finding(
        summary=say(SUMMARY, running=running, wanted=len(expected), **words),
        signals={
            **{name: bool(one) for name, one in told.items()},
            "several": len(affected) > 1,
            "starting": any(one.runs and one.health == "starting" for one in found),
        },
        facts={
            **told,
            "well": well,
            "running": running,
            "wanted": len(expected),
            "up": percent(running, len(expected)),
            "service": affected[0] if affected else None,
        },
        evidence=[f"{one.name}: {one.status}" for one in found if one.service in affected],
    )
