"""The target group that checks look at and fixes change."""

from typing import TYPE_CHECKING

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import TargetHealthDescriptionTypeDef


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
