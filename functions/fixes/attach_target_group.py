"""Attaches an ECS service to its target group."""

from typing import TYPE_CHECKING, Any

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fields import Port
from functions.core.fix import fix
from functions.core.permissions import allow
from functions.core.results import Change

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import LoadBalancerTypeDef


class AttachTargetGroup(ecs.ServiceParameters):
    """A service, a target group by ARN, and the container and port that serve it."""

    target_group: str
    container: str
    container_port: Port


@fix(
    allow("ecs:DescribeServices", "ecs:UpdateService", on=ecs.SERVICE),
    effect="Attaches the service {service} to {target_group} and starts new tasks there",
    risk="low",
    radius="The tasks of {service} are replaced one by one; no other service",
)
def handler(parameters: AttachTargetGroup, aws: Session) -> Change:
    """Attach the service to its target group; other attachments stay. Source: ganopa-bot runbook 4, Fix 1."""
    cluster, service = parameters.cluster, parameters.service
    before = ecs.get(aws, parameters)["loadBalancers"]
    wanted: LoadBalancerTypeDef = {
        "targetGroupArn": parameters.target_group,
        "containerName": parameters.container,
        "containerPort": parameters.container_port,
    }
    if wanted in before:
        return Change(before={"load_balancers": before}, after={"load_balancers": before})
    others = [one for one in before if one.get("targetGroupArn") != parameters.target_group]
    updated = aws.client("ecs").update_service(cluster=cluster, service=service, loadBalancers=[*others, wanted])
    return Change(
        before={"load_balancers": before},
        after={"load_balancers": updated["service"]["loadBalancers"]},
        undo={"cluster": cluster, "service": service, "loadBalancers": before},
    )


@handler.undo("Attaches the service to what it was attached to before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former attachments back."""
    aws.client("ecs").update_service(**undo)
