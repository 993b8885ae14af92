"""Creates an INACTIVE ECS service again."""

from typing import Annotated, Any

from pydantic import Field, PositiveInt

from functions.core import ecs
from functions.core.aws import Session
from functions.core.fields import Port
from functions.core.fix import Changes, fix
from functions.core.permissions import allow
from functions.core.results import Change

KEPT = ("deploymentConfiguration", "enableExecuteCommand", "healthCheckGracePeriodSeconds", "platformVersion")


class RecreateEcsService(ecs.ServiceParameters):
    """A service as its file declares it; target group by ARN, subnets and security group by id."""

    task_definition: str
    desired_count: PositiveInt
    subnets: Annotated[list[str], Field(min_length=1)]
    security_group: str
    target_group: str
    container: str
    container_port: Port


@fix(
    allow("ecs:DescribeServices", "ecs:CreateService", on=ecs.SERVICE),
    effect="Creates the service {service} again, {desired_count} tasks of {task_definition} behind {target_group}",
    risk="medium",
    radius="Only {service}, of which nothing runs now",
)
def handler(parameters: RecreateEcsService, aws: Session) -> Changes:
    """Create the service as its file declares it: ECS updates no INACTIVE one. Source: ganopa-bot runbook 2, Fix 3.

    What the file does not declare stays as it was. No undo: deleting needs a permission more dangerous than this.
    """
    old: dict[str, Any] = dict(ecs.find(aws, parameters) or {"status": "MISSING"})
    after = {"status": "ACTIVE", "desiredCount": parameters.desired_count, "taskDefinition": parameters.task_definition}
    yield Change(before=_state(old), after=_state(old) if old["status"] == "ACTIVE" else after)
    network = old.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    new = aws.client("ecs").create_service(
        cluster=parameters.cluster,
        serviceName=parameters.service,
        taskDefinition=parameters.task_definition,
        desiredCount=parameters.desired_count,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": parameters.subnets,
                "securityGroups": [parameters.security_group],
                "assignPublicIp": network.get("assignPublicIp", "DISABLED"),
            }
        },
        loadBalancers=[
            {
                "targetGroupArn": parameters.target_group,
                "containerName": parameters.container,
                "containerPort": parameters.container_port,
            }
        ],
        **{name: old[name] for name in KEPT if name in old},
    )
    yield Change(before=_state(old), after=_state(dict(new["service"])))


def _state(service: dict[str, Any]) -> dict[str, Any]:
    return {name: service.get(name) for name in ("status", "desiredCount", "taskDefinition")}
