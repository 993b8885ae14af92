"""What an ECS service remembers: its deployments and its event list, in AWS's shapes and words."""

import datetime
import uuid
from typing import Any

from moto.moto_api._internal import mock_random

from sandbox.untyped import Model

EVENTS_KEPT = 100
TROUBLESHOOTING = (
    "is unable to consistently start tasks successfully. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)


def now() -> datetime.datetime:
    """Return the time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


def begin_deployment(service: Model) -> dict[str, Any]:
    """Make a new PRIMARY deployment of the service as it is; older ones are ACTIVE until their tasks are gone."""
    identifier = f"ecs-svc/{mock_random.randint(10**18, 10**19 - 1)}"
    for older in service.deployments:
        older["status"] = "ACTIVE"
    deployment = {
        "id": identifier,
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired_count,
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now(),
        "updatedAt": now(),
        "launchType": service.launch_type,
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": service.network_configuration,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {identifier} in progress.",
        "loadBalancers": list(service.load_balancers),  # no member of AWS's shape: what its tasks register with
    }
    service.deployments.insert(0, deployment)
    service.steady = False
    return deployment


def roll(deployment: dict[str, Any], state: str, reason: str) -> None:
    """Set a deployment's rolloutState."""
    deployment.update(rolloutState=state, rolloutStateReason=reason, updatedAt=now())


def roll_back(service: Model, definition: str) -> None:
    """Let a new deployment bring back the task definition of the last one that completed."""
    service.task_definition = definition
    deployment = begin_deployment(service)
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {deployment['id']}."
    roll(deployment, "IN_PROGRESS", reason)
    say(service, f"rolling back to deployment {deployment['id']}.")


def say(service: Model, text: str) -> None:
    """Add to the service's events, newest first; `text` as AWS writes it after "(service NAME) "."""
    event = {"id": str(uuid.uuid4()), "createdAt": now(), "message": f"(service {service.name}) {text}"}
    service.events = [event, *service.events][:EVENTS_KEPT]


def default_configuration(given: dict[str, Any] | None) -> dict[str, Any]:
    """Return a deployment configuration, AWS's defaults for what is not given."""
    configuration = {"maximumPercent": 200, "minimumHealthyPercent": 100, **(given or {})}
    return {"deploymentCircuitBreaker": {"enable": False, "rollback": False}, **configuration}
