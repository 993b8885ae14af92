"""The ECS service that checks look at and fixes change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say
from functions.core.results import Parameters

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        ContainerDefinitionOutputTypeDef,
        DeploymentTypeDef,
        ServiceTypeDef,
        TaskDefinitionTypeDef,
    )

    C = TypeVar("C", ContainerDefinitionOutputTypeDef, dict[str, Any])

EVENTS_KEPT = 100
STUCK, STEADY = "unable to consistently start tasks", "has reached a steady state"
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
    return contained(aws, definition(aws, service)["containerDefinitions"], service["taskDefinition"], name)


def definition(aws: Session, service: "ServiceTypeDef") -> "TaskDefinitionTypeDef":
    """Return the revision that the service's primary deployment runs."""
    return aws.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]


def contained(aws: Session, containers: "Iterable[C]", revision: str, name: str) -> "C":
    """Return the container of that name of a revision.

    Raises:
        NotFound: when it has no such container.
    """
    by_name = {one["name"]: one for one in containers}
    if name not in by_name:
        missing = say(
            "there is no container (there is {others}) in {revision} named {name}",
            others=", ".join(by_name),
            revision=revision,
            name=name,
        )
        raise NotFound(missing, aws)
    return by_name[name]


def cannot_start(service: "ServiceTypeDef", deployment: "DeploymentTypeDef") -> bool | None:
    """Say whether the deployment's newest telling event is that tasks cannot start; the newest come first.

    Unknown where none of the events that ECS has kept tells: others may have pushed it out.
    """
    messages = [event["message"] for event in service["events"] if event["createdAt"] >= deployment["createdAt"]]
    telling = [message for message in messages if STUCK in message or STEADY in message]
    if not telling:
        return None if len(messages) >= EVENTS_KEPT else False
    return STUCK in telling[0]
