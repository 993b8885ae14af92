"""How did the service's last deployment end?"""

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

# How ECS says it: of the deployment that it goes back to, and of one that failed with nothing to go back to.
BACK, FAILED = "rolling back to deployment {id}", "(deployment {id}) deployment failed"
REASON = "circuit breaker"


class Deployments(ecs.ServiceParameters):
    """The service that is deployed."""


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    signals={
        "rolled-back": "The last deployment failed, and ECS went back to what ran before or has nothing to go back to",
        "in-progress": "A deployment is under way",
    },
)
def handler(parameters: Deployments, aws: Session) -> Finding:
    """Was the last deployment rolled back? Source: ganopa-bot runbook 5, Checks AWS Console 3."""
    service = ecs.get(aws, parameters)
    primary = ecs.primary(service, aws)
    rollout, told = primary.get("rolloutState"), primary.get("rolloutStateReason", "")
    telling = [text.format(id=primary["id"]) for text in (BACK, FAILED)]
    failures = [one["message"] for one in service["events"] if any(text in one["message"] for text in telling)]
    failed = rollout == "FAILED" or REASON in told or bool(failures)
    since = [one for one in service["events"] if one["createdAt"] >= primary["createdAt"]]
    forgotten = len(since) >= ecs.EVENTS_KEPT  # else those kept go back to before the deployment
    reason = next(iter(failures), told)
    return Finding(
        summary=say("deployment {rollout}: {reason}", rollout=readable(rollout), reason=reason),
        signals={
            "rolled-back": failed or (None if forgotten else False),
            "in-progress": rollout == "IN_PROGRESS",
        },
        facts={
            "rollout": rollout,
            "reason": reason,
            "when": f"{primary.get('updatedAt', primary['createdAt']):%Y-%m-%d %H:%M:%S}",
            "task_definition": primary["taskDefinition"],
        },
        evidence=failures,
    )
