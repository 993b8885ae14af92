"""Are there healthy targets behind the load balancer?"""

from collections import Counter

from functions.core import elb
from functions.core.aws import Session
from functions.core.check import check
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

REFUSED = "Target.FailedHealthChecks"


class TargetHealth(Parameters):
    target_group: str


@check(
    allow("elasticloadbalancing:DescribeTargetHealth"),
    signals={
        "no-targets": "The target group has no registered target",
        "unhealthy-targets": "Registered targets fail their health check",
        "none-healthy": "No registered target is healthy",
        "connection-refused": "Every registered target refuses the health check's connection",
    },
)
def handler(parameters: TargetHealth, aws: Session) -> Finding:
    """Are there healthy targets behind the load balancer? (ganopa-bot runbook 2, Checks CLI 1)"""
    found = [(one["Target"]["Id"], one["TargetHealth"]) for one in elb.targets(aws, parameters.target_group)]
    registered = [(target, health) for target, health in found if health["State"] != "draining"]
    states = Counter(health["State"] for _, health in registered)
    reasons = Counter(health.get("Reason", "") for _, health in registered)
    example = {health.get("Reason", ""): f"{target}: {health.get('Description', '')}" for target, health in registered}
    return Finding(
        summary=f"{len(registered)} registered: {', '.join(f'{n} {state}' for state, n in states.items()) or 'none'}",
        signals={
            "no-targets": not registered,
            "unhealthy-targets": states["unhealthy"] > 0,
            "none-healthy": None if _unread(states) else not states["healthy"],
            "connection-refused": bool(registered) and set(reasons) == {REFUSED},
        },
        facts={
            "total": len(registered),
            "states": dict(states),
            "reasons": sorted(reason for reason in reasons if reason),
        },
        evidence=[f"{count} targets: {reason}, as {example[reason]}" for reason, count in reasons.items() if reason],
    )


def _unread(states: Counter[str]) -> bool:
    """Say whether the load balancer itself does not know: "unavailable" is no verdict on the target."""
    return not states["healthy"] and states["unavailable"] > 0
