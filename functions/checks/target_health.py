"""Are there healthy targets behind the load balancer?"""

from collections import Counter

from functions.core import elb
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say, say_many
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

REFUSED = "Target.FailedHealthChecks"


class TargetHealth(Parameters):
    """A target group, by ARN."""

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
    """Are there healthy targets behind the load balancer? Source: ganopa-bot runbook 2, Checks CLI 1."""
    listed = [(one["Target"]["Id"], one["TargetHealth"]) for one in elb.targets(aws, parameters.target_group)]
    registered = [(target, health) for target, health in listed if health["State"] != "draining"]
    states = Counter[str](health["State"] for _, health in registered)
    reasons = Counter[str](health.get("Reason", "") for _, health in registered)
    example: dict[str | None, str] = {
        health.get("Reason"): f"{target}: {health.get('Description')}" for target, health in registered
    }
    # "unavailable" is no verdict on the target: the load balancer does not know
    unread = not states["healthy"] and states["unavailable"] > 0
    return Finding(
        summary=_told(states),
        signals={
            "no-targets": not registered,
            "unhealthy-targets": any(state.startswith("unhealthy") for state in states),
            "none-healthy": None if unread else not states["healthy"],
            "connection-refused": set(reasons) == {REFUSED},
        },
        facts={"total": len(registered), "states": dict(states), "reasons": sorted(filter(None, reasons))},
        evidence=[_seen(count, reason, example[reason]) for reason, count in reasons.items() if reason],
    )


def _told(states: Counter[str]) -> str:
    if not states:
        return say("no target registered")
    each = ", ".join(f"{count} {state}" for state, count in states.items())
    return say_many(
        "{count} target registered: {each}", "{count} targets registered: {each}", states.total(), each=each
    )


def _seen(count: int, reason: str, example: str) -> str:
    return say_many(
        "{count} target: {reason}, as {example}",
        "{count} targets: {reason}, as {example}",
        count,
        reason=reason,
        example=example,
    )
