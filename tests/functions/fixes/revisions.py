"""What registers a revision: a service whose task definition says as much as one can."""

from typing import Any

import pytest
from moto.ecs.models import Service

from functions.core.aws import Session
from tests.functions.conftest import IMAGE, OF_SERVICE, describe

ROLES = [f"arn:aws:iam::123456789012:role/{name}" for name in ("ecsTaskExecutionRole", "bot")]
VALUE = "12345678:made-up-token-of-a-bot-that-is-not"
DEPLOYED: dict[str, Any] = {
    **OF_SERVICE,
    "container": "ganopa-bot",
    "task_definition": "ganopa-bot",
    "roles": ROLES,
}
RICH: dict[str, Any] = {
    "family": "ganopa-bot",
    "executionRoleArn": ROLES[0],
    "taskRoleArn": ROLES[1],
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    "ephemeralStorage": {"sizeInGiB": 30},
    "volumes": [{"name": "scratch"}],
    "tags": [{"key": "team", "value": "bots"}],
    "containerDefinitions": [
        {
            "name": "ganopa-bot",
            "image": IMAGE,
            "cpu": 0,
            "essential": True,
            "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
            "environment": [{"name": "TELEGRAM_BOT_TOKEN", "value": VALUE}, {"name": "HOST", "value": "0.0.0.0"}],  # noqa: S104
            "secrets": [{"name": "DATABASE", "valueFrom": "arn:aws:ssm:me-central-1:123456789012:parameter/database"}],
            "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/tmp"}],  # noqa: S108
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/bot"}},
        },
        {"name": "proxy", "image": "envoy:1", "essential": False, "environment": [{"name": "HOST", "value": "x"}]},
    ],
}


@pytest.fixture
def rich(service: Service, operator: Session) -> str:  # noqa: ARG001 (puts the service in place)
    """The service runs a revision that says as much as one can; its ARN."""
    registered = operator.client("ecs").register_task_definition(**RICH)["taskDefinition"]["taskDefinitionArn"]
    operator.client("ecs").update_service(**OF_SERVICE, taskDefinition=registered)  # type: ignore[arg-type]
    return registered


def running(operator: Session) -> dict[str, Any]:
    """Look at the revision that the service runs, and its tags."""
    revision = describe(operator)["taskDefinition"]
    found = operator.client("ecs").describe_task_definition(taskDefinition=revision, include=["TAGS"])
    return {**found["taskDefinition"], "tags": found["tags"]}


def container(operator: Session) -> Any:
    """Look at the bot's container in the revision that the service runs."""
    return running(operator)["containerDefinitions"][0]


def count(operator: Session) -> int:
    """Count the revisions."""
    return len(operator.client("ecs").list_task_definitions(familyPrefix="ganopa-bot")["taskDefinitionArns"])


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Name what differs between two revisions, but for what every revision has of its own."""
    own = {"taskDefinitionArn", "revision", "registeredAt"}
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - own
