"""Asks an ECS service to run its tasks again."""

from typing import Any

from pydantic import PositiveInt

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fix import Changes, fix
from functions.core.permissions import allow
from functions.core.results import Change


class RestoreDesiredCount(ecs.ServiceParameters):
    """A service, and how many tasks it needs."""

    desired_count: PositiveInt


@fix(
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    effect="Asks the service {service} to run {desired_count} tasks",
    risk="low",
    radius="Only {service}: tasks are added, none is stopped",
)
def handler(parameters: RestoreDesiredCount, aws: Session) -> Changes:
    """Raise the desired count to what the service needs, never lower it. Source: ganopa-bot runbook 2, Fix 3."""
    cluster, service, wanted = parameters.cluster, parameters.service, parameters.desired_count
    before = ecs.get(aws, parameters)["desiredCount"]
    yield Change(
        before={"desired_count": before},
        after={"desired_count": max(before, wanted)},
        undo={"cluster": cluster, "service": service, "desiredCount": before},
    )
    aws.client("ecs").update_service(cluster=cluster, service=service, desiredCount=wanted)


@handler.undo("Sets the desired count back")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former desired count back."""
    aws.client("ecs").update_service(**undo)
