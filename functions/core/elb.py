"""The target group that checks look at and fixes change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import TargetHealthDescriptionTypeDef

    from functions.core.judged import Verdict


def targets(aws: Session, target_group: str, region: str | None = None) -> "list[TargetHealthDescriptionTypeDef]":
    """List a target group's targets with their health; the group may be in another region than the function.

    Raises:
        NotFound: when there is no such target group.
    """
    elb = aws.client("elbv2", region)
    try:
        return elb.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    except elb.exceptions.TargetGroupNotFoundException as error:
        raise NotFound(say("there is no target group {name}", name=target_group), aws) from error


def registered(told: Iterable[Any]) -> Iterable[tuple["Verdict", str]]:
    """Say of each target but those that leave whether it is unhealthy, unknown of one not checked (yet); tell of it."""
    for one in told:
        state, reason = (one.get("TargetHealth", {}).get(name, "") for name in ("State", "Reason"))
        where = ":".join(str(one["Target"][name]) for name in ("Id", "Port") if name in one["Target"])
        if state != "draining":
            wrong = state.startswith("unhealthy") or (False if state == "healthy" else None)
            yield wrong, " ".join(filter(None, [where, state or say("unknown"), reason]))


def health_check(aws: Session, target_group: str) -> dict[str, str]:
    """Read what a target group asks its targets: path, port ("traffic-port": the target's own), matcher.

    Raises:
        NotFound: when there is no such target group.
    """
    elb = aws.client("elbv2")
    try:
        group = elb.describe_target_groups(TargetGroupArns=[target_group])["TargetGroups"][0]
    except elb.exceptions.TargetGroupNotFoundException as error:
        raise NotFound(say("there is no target group {name}", name=target_group), aws) from error
    matcher = group["Matcher"]["HttpCode"]
    return {"path": group["HealthCheckPath"], "port": group["HealthCheckPort"], "matcher": matcher}
