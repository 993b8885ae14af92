"""Attaches an ECS service to its target group."""

from typing import TYPE_CHECKING, Any

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fields import Port
from functions.core.fix import Changes, fix
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
def handler(parameters: AttachTargetGroup, aws: Session) -> Changes:
    """Attach the service to its target group; other attachments stay. Source: ganopa-bot runbook 4, Fix 1."""
    cluster, service = parameters.cluster, parameters.service
    before = ecs.get(aws, parameters)["loadBalancers"]
    wanted: LoadBalancerTypeDef = {
        "targetGroupArn": parameters.target_group,
        "containerName": parameters.container,
        "containerPort": parameters.container_port,
    }
    others = [one for one in before if one.get("targetGroupArn") != parameters.target_group]
    after = before if wanted in before else [*others, wanted]
    yield Change(
        before={"load_balancers": before},
        after={"load_balancers": after},
        undo={"cluster": cluster, "service": service, "loadBalancers": before},
    )
    aws.client("ecs").update_service(cluster=cluster, service=service, loadBalancers=after)


@handler.undo("Attaches the service to what it was attached to before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former attachments back."""
    aws.client("ecs").update_service(**undo)
