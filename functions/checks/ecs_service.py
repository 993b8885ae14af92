"""Does the ECS service run what it should, where the load balancer looks?"""

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.results import Finding, shortened
from functions.core.template import readable

EVENTS = 5
SUMMARY = marked("{status}, {running} of {desired} running, {pending} pending, deployment {rollout}")


class EcsService(ecs.ServiceParameters):
    """A service, and by ARN the target group that it should be attached to."""

    target_group: str


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
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
    """Is the service active, attached, and running its tasks? Source: ganopa-bot runbook 2, Checks CLI 2."""
    service = ecs.find(aws, parameters)
    if service is None:
        text = say("ECS knows no service {service} in cluster {cluster}", **parameters.model_dump())
        return Finding(summary=text, signals={"missing": True}, facts={"status": "MISSING"})
    status, desired, running = service["status"], service["desiredCount"], service["runningCount"]
    groups = [one["targetGroupArn"] for one in service["loadBalancers"] if "targetGroupArn" in one]
    primary = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), None)
    rollout = primary.get("rolloutState") if primary else None
    events = [f"{event['createdAt']:%Y-%m-%d %H:%M:%S} {event['message']}" for event in service["events"]]
    facts = {"status": status, "desired": desired, "running": running, "pending": service["pendingCount"]}
    return Finding(
        summary=say(SUMMARY, rollout=readable(rollout), **facts),
        signals={
            "missing": False,
            "inactive": status == "INACTIVE",
            "desired-zero": status == "ACTIVE" and desired == 0,
            "not-attached": status == "ACTIVE" and parameters.target_group not in groups,
            "below-desired": running < desired,
            "deployment-failed": rollout == "FAILED",
            "cannot-start-tasks": primary is not None and ecs.cannot_start(service, primary),
        },
        facts=facts | {"target_groups": groups, "rollout": rollout, "task_definition": service["taskDefinition"]},
        evidence=shortened(events, EVENTS),
    )
