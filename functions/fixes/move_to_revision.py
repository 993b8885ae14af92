"""Lets an ECS service run another revision of its task definition."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import ecs, revisions
from functions.core.aws import Session
from functions.core.errors import Refused
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Change

RevisionArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:task-definition/[\w-]+:[1-9]\d*$")
]


class MoveToRevision(ecs.ServiceParameters):
    """A service, and the revision that it is to run, by its ARN."""

    revision: RevisionArn


@fix(
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    effect="Moves the service {service} to {revision}",
    risk="low",
    radius="The tasks of {service} are replaced one by one; no other service",
)
def handler(parameters: MoveToRevision, aws: Session) -> Changes:
    """Move the service to a revision of the task definition that it has. Source: ganopa-bot runbook 5, Fix 3.

    Raises:
        Refused: when it is a revision of another task definition.
    """
    cluster, service, wanted = parameters.cluster, parameters.service, parameters.revision
    before = ecs.get(aws, parameters)["taskDefinition"]
    if before.rpartition(":")[0] != wanted.rpartition(":")[0]:
        raise Refused(say("{wanted} is no revision of what the service runs, {before}", wanted=wanted, before=before))
    yield Change(
        before={"revision": before},
        after={"revision": wanted},
        undo={"cluster": cluster, "service": service, "revision": before},
    )
    revisions.move(aws, cluster, service, wanted)


@handler.undo("Moves the service back to the revision it had")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Move the service back."""
    revisions.move(aws, **undo)
