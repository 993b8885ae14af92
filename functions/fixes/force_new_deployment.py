"""Lets an ECS service try its deployment anew."""

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fix import Changes, fix
from functions.core.permissions import allow
from functions.core.results import Change


class ForceNewDeployment(ecs.ServiceParameters):
    """The service to deploy anew."""


@fix(
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    effect="Starts new tasks of the service {service}, from the task definition it has",
    risk="low",
    radius="The tasks of {service} are replaced one by one; no other service",
)
def handler(parameters: ForceNewDeployment, aws: Session) -> Changes:
    """Start a new deployment, unless one is under way. Source: ganopa-bot runbook 1, Fix 2.

    There is no undo: the new deployment differs in nothing but its time from the one it replaces.
    """
    cluster, service = parameters.cluster, parameters.service
    current = ecs.primary(ecs.get(aws, parameters), aws)
    before = {"deployment": current["id"]}
    yield Change(before=before, after=before if current.get("rolloutState") == "IN_PROGRESS" else {"deployment": "new"})
    updated = aws.client("ecs").update_service(cluster=cluster, service=service, forceNewDeployment=True)
    yield Change(before=before, after={"deployment": ecs.primary(updated["service"], aws)["id"]})
