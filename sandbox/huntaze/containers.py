"""What runs on ECS in a region: a cluster for each service, in private subnets, with variables that are no secrets."""

from __future__ import annotations

from typing import Any

from moto.ecs import ecs_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.hosting import AWS_KEYS, HARMLESS, SECRETS
from sandbox.huntaze.network import SERVICE_PORT, Network
from sandbox.huntaze.people import EXECUTION
from sandbox.huntaze.place import APP, ROUTER, SANDBOX_SECRET, Place, role
from sandbox.huntaze.undo import Undo

TASKS = 2
PRIVATE, PUBLIC = "DISABLED", "ENABLED"


def build(place: Place, network: Network, target_group: str) -> None:
    """Make clusters, task definitions and services, whose tasks run."""
    behind = [{"targetGroupArn": target_group, "containerName": place.name, "containerPort": SERVICE_PORT}]
    for name in place.services:
        place.aws("ecs").create_cluster(clusterName=name)
        _register(place, name, {})
        place.aws("ecs").create_service(
            cluster=name,
            serviceName=name,
            taskDefinition=name,
            desiredCount=TASKS,
            launchType="FARGATE",
            networkConfiguration=_in(network.private, network.of_tasks, PRIVATE),
            loadBalancers=behind if name == place.name else [],
        )
        backend = ecs_backends[ACCOUNT][place.region]
        service, cluster = backend.services[f"{name}:{name}"], backend.clusters[name]
        service.running_count = cluster.running_tasks_count = TASKS  # nothing runs tasks here
        cluster.pending_tasks_count = 0


def look(place: Place) -> Any:
    """Return what is to stay as it is."""
    ecs = place.aws("ecs")
    services = [ecs.describe_services(cluster=name, services=[name])["services"][0] for name in place.services]
    newest = [ecs.describe_task_definition(taskDefinition=name)["taskDefinition"] for name in place.services]
    return (
        [(one["status"], one["runningCount"], one["networkConfiguration"]) for one in services],
        [one["containerDefinitions"][0]["environment"] for one in newest],
    )


def aws_keys(undo: Undo) -> None:
    """A task definition was registered that has long-term keys of AWS in its variables."""
    _registered(undo, APP, APP.workers[0], AWS_KEYS)


def secret_names(undo: Undo) -> None:
    """A task definition was registered that has a secret in its variables."""
    _registered(undo, ROUTER, ROUTER.name, SECRETS)


def public_ip(undo: Undo) -> None:
    """Somebody has given the AI router's tasks public addresses."""
    name = {"cluster": ROUTER.name, "service": ROUTER.name}
    told = ROUTER.aws("ecs").describe_services(cluster=ROUTER.name, services=[ROUTER.name])["services"][0]
    good = told["networkConfiguration"]
    wrong = {"awsvpcConfiguration": good["awsvpcConfiguration"] | {"assignPublicIp": PUBLIC}}
    key = "networkConfiguration"
    undo.call(ROUTER.aws("ecs").update_service, name, wrong={key: wrong}, good={key: good})


def _in(subnets: list[str], group: str, public: str) -> dict[str, Any]:
    return {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group], "assignPublicIp": public}}


def _registered(undo: Undo, place: Place, name: str, more: dict[str, str]) -> None:
    _register(place, name, more)
    undo.callback(_register, place, name, {})


def _register(place: Place, name: str, more: dict[str, str]) -> None:
    variables = {**HARMLESS, "BUILD_FINGERPRINT": SANDBOX_SECRET, **more}
    container = {
        "name": name,
        "image": f"{ACCOUNT}.dkr.ecr.{place.region}.amazonaws.com/{name}:v1",
        "memory": 512,
        "portMappings": [{"containerPort": SERVICE_PORT}],
        "environment": [{"name": key, "value": value} for key, value in variables.items()],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": APP.arn("secretsmanager", "secret:huntaze/database-Ab12Cd")}],
    }
    place.aws("ecs").register_task_definition(
        family=name,
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        requiresCompatibilities=["FARGATE"],
        executionRoleArn=role(EXECUTION),
        taskRoleArn=role(name),
        containerDefinitions=[container],
    )
