"""What AWS's API says about the simulated system, and the hand that updates it."""

import json
from http import HTTPStatus

from sandbox.untyped import Model
from sandbox.world import World


def service(world: World) -> Model:
    """Return what DescribeServices says."""
    names = world.names
    return world.aws("ecs").describe_services(cluster=names.cluster, services=[names.ecs_service])["services"][0]


def rollout(world: World) -> str:
    """Return the rolloutState of the service's newest deployment."""
    return str(service(world)["deployments"][0]["rolloutState"])


def tasks(world: World, status: str = "RUNNING") -> list[Model]:
    """Return what DescribeTasks says of the service's tasks with a desired status."""
    ecs, names = world.aws("ecs"), world.names
    arns = ecs.list_tasks(cluster=names.cluster, serviceName=names.ecs_service, desiredStatus=status)["taskArns"]
    return list(ecs.describe_tasks(cluster=names.cluster, tasks=arns)["tasks"]) if arns else []


def health(world: World) -> list[dict[str, str]]:
    """Return what DescribeTargetHealth says of each target that is not draining."""
    found = world.aws("elbv2").describe_target_health(TargetGroupArn=world.names.target_group)
    states = [target["TargetHealth"] for target in found["TargetHealthDescriptions"]]
    return [state for state in states if state["State"] != "draining"]


def logged(world: World) -> str:
    """Return what the container logged."""
    found = world.aws("logs").filter_log_events(logGroupName=world.names.log_group)
    return "\n".join(event["message"] for event in found["events"])


def version(world: World) -> str:
    """Return the version that /_meta says; empty while no target answers."""
    status, body = world.client.request("GET", world.names.meta_url)
    return str(json.loads(body)["version"]) if status == HTTPStatus.OK else ""


def events(world: World) -> list[str]:
    """Return the service's event messages, the newest first."""
    return [event["message"] for event in service(world)["events"]]


def update(world: World, **changes: object) -> None:
    """Update the service."""
    world.aws("ecs").update_service(cluster=world.names.cluster, service=world.names.ecs_service, **changes)
