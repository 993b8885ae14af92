"""Does the ECS service run what it should, where the load balancer looks?"""

from typing import TYPE_CHECKING, Any

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import ServiceTypeDef

EVENTS = 5


class EcsService(Parameters):
    cluster: str
    service: str
    target_group: str


@check(
    allow("ecs:DescribeServices", on="arn:aws:ecs:{region}:{account}:service/{cluster}/{service}"),
    signals={
        "missing": "ECS does not know the service",
        "inactive": "The service is INACTIVE",
        "desired-zero": "The service is asked to run no task",
        "not-attached": "The service is not attached to its target group",
        "below-desired": "Fewer tasks run than are desired",
        "deployment-failed": "The service's deployment has failed",
        "cannot-start-tasks": "ECS says that it cannot start the service's tasks",
    },
)
def handler(parameters: EcsService, aws: Session) -> Finding:
    """Is the service active, attached, and running its tasks? (ganopa-bot runbook 2, Checks CLI 2)"""
    service = ecs.find(aws, parameters.cluster, parameters.service)
    if service is None:
        text = f"ECS knows no service {parameters.service} in cluster {parameters.cluster}"
        return Finding(summary=text, signals={"missing": True}, facts={"status": "MISSING"})
    facts = _facts(service)
    active = facts["status"] == "ACTIVE"
    return Finding(
        summary=f"{facts['status']}, {facts['running']} of {facts['desired']} running, {facts['pending']} pending",
        signals={
            "missing": False,
            "inactive": facts["status"] == "INACTIVE",
            "desired-zero": active and facts["desired"] == 0,
            "not-attached": active and parameters.target_group not in facts["target_groups"],
            "below-desired": facts["running"] < facts["desired"],
            "deployment-failed": facts["rollout"] == "FAILED",
            "cannot-start-tasks": _stuck(service),
        },
        facts=facts,
        evidence=[f"{event['createdAt']:%Y-%m-%d %H:%M:%S} {event['message']}" for event in service["events"][:EVENTS]],
    )


def _facts(service: "ServiceTypeDef") -> dict[str, Any]:
    return {
        "status": service["status"],
        "desired": service["desiredCount"],
        "running": service["runningCount"],
        "pending": service["pendingCount"],
        "target_groups": [one["targetGroupArn"] for one in service["loadBalancers"] if "targetGroupArn" in one],
        "rollout": next(
            (one.get("rolloutState") for one in service["deployments"] if one["status"] == "PRIMARY"), None
        ),
        "task_definition": service["taskDefinition"],
    }


def _stuck(service: "ServiceTypeDef") -> bool:
    """Say whether the newest event that tells is that tasks cannot start; events come newest first."""
    telling = (event["message"] for event in service["events"])
    words = ("unable to consistently start tasks", "has reached a steady state")
    newest = next((message for message in telling if any(word in message for word in words)), "")
    return words[0] in newest
