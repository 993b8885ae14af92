"""Builds a service of a compose project anew, and starts what was built."""

from functions.core import compose_service, hosts
from functions.core.aws import Session
from functions.core.compose_service import ToBuild
from functions.core.fix import Changes, fix

DOCUMENT = "do_rebuild"


@fix(
    *hosts.permissions("look_started", DOCUMENT, named=True),
    effect="Builds {service} on {instance} at commit {commit} anew, and starts that",
    risk="medium",
    radius="Who uses {service} waits for some seconds when its container is replaced; every other service goes on",
)
def handler(parameters: ToBuild, aws: Session) -> Changes:
    """Build the service and start it. Source: Harena, Service down ou unhealthy, 4; Déploiement d'urgence.

    There is no undo: nothing knows whether what was built before was better.
    """
    yield from compose_service.replace(aws, parameters, DOCUMENT)


handler.following(hosts.follow)
