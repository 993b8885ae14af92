"""Lets an ECS service try its deployment anew."""

from typing import TYPE_CHECKING, Any

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fix import fix
from functions.core.permissions import allow
from functions.core.results import Change

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef


class ForceNewDeployment(ecs.ServiceParameters):
    """The service to deploy anew."""


@fix(
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    effect="Starts new tasks of the service {service}, from the task definition it has",
    risk="low",
    radius="The tasks of {service} are replaced one by one; no other service",
)
def handler(parameters: ForceNewDeployment, aws: Session) -> Change:
    """Start a new deployment, unless one is under way. Source: ganopa-bot runbook 1, Fix 2.

    There is no undo: the new deployment differs in nothing but its time from the one it replaces.
    """
    cluster, service = parameters.cluster, parameters.service
    before = _deployment(ecs.get(aws, parameters), aws)
    if before["rollout"] == "IN_PROGRESS":
        return Change(before=before, after=before)
    updated = aws.client("ecs").update_service(cluster=cluster, service=service, forceNewDeployment=True)
    return Change(before=before, after=_deployment(updated["service"], aws))


def _deployment(service: "ServiceTypeDef", aws: Session) -> dict[str, Any]:
    primary = ecs.primary(service, aws)
    return {"deployment": primary["id"], "rollout": primary.get("rolloutState")}
