"""Builds a service of a compose project anew, and makes its container anew from that."""

from functions.core import compose_service, hosts
from functions.core.aws import Session
from functions.core.compose_service import ToBuild
from functions.core.fix import Changes, fix

DOCUMENT = "do_recreate"


@fix(
    *hosts.permissions("look_started", DOCUMENT, named=True),
    effect="Builds {service} on {instance} at commit {commit} anew, and makes its container anew",
    risk="medium",
    radius="Who uses {service} waits while its container is made; every other service goes on",
)
def handler(parameters: ToBuild, aws: Session) -> Changes:
    """Remove the container, build, and start it as the compose file wants it. Source: Harena, 1; Service down, 4.

    There is no undo: the container that was removed is what was wrong.
    """
    yield from compose_service.replace(aws, parameters, DOCUMENT)


handler.following(hosts.follow)
