"""Are the targets of a region's target groups healthy?"""

from typing import Any

from functions.core import elb
from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.judged import Rule, Verdict, judged
from functions.core.language import marked, say
from functions.core.listed import listed, proven
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.regional import Named
from functions.core.results import Finding, shortened

PAGE, SHOWN, SHARE = 400, 3, 2  # the share is of the time, for the groups and for their targets
NAME, TARGETS = "TargetGroupName", "targets"
NOTHING = marked("there is no target group in {region}")
NOT_NAMED = marked("there is no target group in {region} whose name has {named} in it")
TOLD = marked("target groups: {count}; with unhealthy targets: {unhealthy}; without a target: {empty}")


class TargetGroups(Named):
    """A region, and a word in the names of its target groups."""


@check(
    allow("elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"),
    signals={
        "unhealthy": "A registered target of a target group is unhealthy",
        "empty": "A target group has no registered target",
        "none": "There is no target group here whose name has the word",
    },
)
def handler(parameters: TargetGroups, aws: Session) -> Finding:
    """Are registered targets healthy? Source: Huntaze, 3 "Failover (LB/Route53)"; 5, ALB / Target Groups."""

    def read(group: Any) -> Any:
        return group | {TARGETS: list(elb.registered(elb.targets(aws, group["TargetGroupArn"], parameters.region)))}

    every = aws.client("elbv2", parameters.region).get_paginator("describe_target_groups")
    pages = every.paginate(PaginationConfig={"PageSize": PAGE})
    groups = listed(pages, lambda page: [one for one in page["TargetGroups"] if parameters.named in one[NAME]], SHARE)
    found = each(groups, read, over(SHARE))
    rules = {
        "unhealthy": Rule(_unhealthy, _told),
        "empty": Rule(lambda group: not group[TARGETS], _told),
    }
    nothing = say(NOT_NAMED if parameters.named else NOTHING, **parameters.model_dump())
    return judged(found, NAME, rules).finding(TOLD, nothing, found)


def _unhealthy(group: Any) -> Verdict:
    """Say whether a target is; unknown of a group that a load balancer sends to and that has lost all of them."""
    lost = not group[TARGETS] and group.get("LoadBalancerArns")
    return proven([wrong for wrong, _ in group[TARGETS]], whole=not lost)


def _told(group: Any) -> str:
    """Tell what a group asks, and of its targets that are not healthy, the unhealthy first."""
    asks = " ".join(str(group[name]) for name in ("TargetType", "Protocol", "Port", "HealthCheckPath") if name in group)
    bad = [told for asked in (True, None) for wrong, told in group[TARGETS] if wrong is asked]
    return f"{asks}: {', '.join(shortened(bad, SHOWN)) or say('no target registered')}"
