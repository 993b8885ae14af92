"""The ECS service that checks look at and fixes change."""

from typing import TYPE_CHECKING

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say
from functions.core.results import Parameters

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        ContainerDefinitionOutputTypeDef,
        DeploymentTypeDef,
        ServiceTypeDef,
        TaskTypeDef,
    )


BATCH, MOST_TASKS = 100, 500  # DescribeTasks takes 100 at once; more than 500 would tell nothing more
SERVICE = "arn:aws:ecs:{region}:{account}:service/{cluster}/{service}"


class ServiceParameters(Parameters):
    """A service, by its cluster's name and its own."""

    cluster: str
    service: str


def find(aws: Session, parameters: ServiceParameters) -> "ServiceTypeDef | None":
    """Look a service up; None when ECS does not know it, or no longer.

    Raises:
        NotFound: when there is no such cluster.
    """
    ecs = aws.client("ecs")
    try:
        found = ecs.describe_services(cluster=parameters.cluster, services=[parameters.service])["services"]
    except ecs.exceptions.ClusterNotFoundException as error:
        raise NotFound(say("there is no ECS cluster {name}", name=parameters.cluster), aws) from error
    return found[0] if found else None


def get(aws: Session, parameters: ServiceParameters) -> "ServiceTypeDef":
    """Look a service up that has to be there.

    Raises:
        NotFound: when there is no such service or cluster.
    """
    found = find(aws, parameters)
    if found is None:
        missing = say("there is no ECS service in cluster {cluster} named {service}", **parameters.model_dump())
        raise NotFound(missing, aws)
    return found


def primary(service: "ServiceTypeDef", aws: Session) -> "DeploymentTypeDef":
    """Return the deployment that the service is moving to, or has moved to.

    Raises:
        NotFound: when it has none, as an INACTIVE service.
    """
    deployments = [one for one in service["deployments"] if one["status"] == "PRIMARY"]
    if not deployments:
        missing = say(
            "there is no current deployment of the {status} ECS service {name}",
            status=service["status"],
            name=service["serviceName"],
        )
        raise NotFound(missing, aws)
    return deployments[0]


def container(aws: Session, service: "ServiceTypeDef", name: str) -> "ContainerDefinitionOutputTypeDef":
    """Return a container's definition in the revision that the service's primary deployment runs.

    Raises:
        NotFound: when that revision has no such container.
    """
    revision = service["taskDefinition"]
    definition = aws.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
    containers = {one["name"]: one for one in definition["containerDefinitions"]}
    if name not in containers:
        missing = say(
            "there is no container (there is {others}) in {revision} named {name}",
            others=", ".join(containers),
            revision=revision,
            name=name,
        )
        raise NotFound(missing, aws)
    return containers[name]


def stopped_tasks(aws: Session, parameters: ServiceParameters) -> "list[TaskTypeDef]":
    """Look up tasks of a service that have stopped or are stopping; ECS remembers them for about an hour."""
    cluster, ecs = parameters.cluster, aws.client("ecs")
    pages = ecs.get_paginator("list_tasks").paginate(
        cluster=cluster,
        serviceName=parameters.service,
        desiredStatus="STOPPED",
        PaginationConfig={"MaxItems": MOST_TASKS},
    )
    arns = [arn for page in pages for arn in page["taskArns"]]
    batches = [arns[start : start + BATCH] for start in range(0, len(arns), BATCH)]
    return [task for batch in batches for task in ecs.describe_tasks(cluster=cluster, tasks=batch)["tasks"]]
