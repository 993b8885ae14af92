"""The events that ECS puts on the event bus, in AWS's shapes.

Source: ECS developer guide, "Amazon ECS task state change events" and "service deployment state change events".
"""

import datetime
from typing import Any

from sandbox.deployments import now
from sandbox.untyped import Model

DEPLOYMENT_TYPES = {"IN_PROGRESS": "INFO", "COMPLETED": "INFO", "FAILED": "ERROR"}


def task_state_change(task: Model) -> dict[str, Any]:
    """Return the detail of an "ECS Task State Change" event."""
    detail = {
        "attachments": [{**attachment, "type": "eni"} for attachment in task.attachments],
        "availabilityZone": task.availability_zone,
        "clusterArn": task.cluster_arn,
        "connectivity": task.connectivity,
        "containers": [_container(container) for container in task.containers],
        "cpu": task.cpu,
        "createdAt": _time(task.created_at),
        "desiredStatus": task.desired_status,
        "enableExecuteCommand": False,
        "ephemeralStorage": {"sizeInGiB": 20},
        "group": task.group,
        "lastStatus": task.last_status,
        "launchType": task.launch_type,
        "memory": task.memory,
        "overrides": {"containerOverrides": [{"name": container.name} for container in task.containers]},
        "platformVersion": task.platform_version,
        "pullStartedAt": _time(task.pull_started_at),
        "startedAt": _time(getattr(task, "started_at", None)),
        "startedBy": task.started_by,
        "stopCode": getattr(task, "stop_code", None),
        "stoppedAt": _time(getattr(task, "stopped_at", None)),
        "stoppedReason": task.stopped_reason or None,
        "stoppingAt": _time(getattr(task, "stopping_at", None)),
        "taskArn": task.task_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "updatedAt": _time(now()),
        "version": task.version,
    }
    return {name: value for name, value in detail.items() if value is not None}


def deployment_state_change(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return the detail of an "ECS Deployment State Change" event."""
    state = deployment["rolloutState"]
    return {
        "eventType": DEPLOYMENT_TYPES[state],
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "deploymentId": deployment["id"],
        "updatedAt": _time(deployment["updatedAt"]),
        "reason": deployment["rolloutStateReason"],
    }


def _container(container: Model) -> dict[str, Any]:
    detail = {
        "containerArn": container.container_arn,
        "exitCode": container.exitCode,
        "lastStatus": container.last_status,
        "name": container.name,
        "image": container.image,
        "reason": getattr(container, "reason", None),
        "runtimeId": container.runtime_id,
        "taskArn": container.task_arn,
        "networkInterfaces": container.network_interfaces,
        "cpu": str(container.cpu),
    }
    return {name: value for name, value in detail.items() if value is not None}


def _time(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
