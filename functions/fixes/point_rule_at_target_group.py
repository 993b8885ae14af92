"""Points a load balancer's rule at its target group."""

from typing import Any

from functions.core import routing
from functions.core.aws import Session
from functions.core.errors import NotFound, Refused
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Change


class PointRuleAtTargetGroup(routing.RouteParameters):
    """The requests whose rule it is, at which listener, and the target group by ARN that is to answer them."""


@fix(
    allow("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules"),
    allow(
        "elasticloadbalancing:ModifyRule",
        on="arn:aws:elasticloadbalancing:{region}:{account}:listener-rule/{of_load_balancer}/*",
    ),
    effect="Points the rule for {host}{path} at {target_group}",
    risk="medium",
    radius="Requests to {host}{path} are answered by {target_group}; no other requests",
)
def handler(parameters: PointRuleAtTargetGroup, aws: Session) -> Changes:
    """Let the rule of this host and path forward to the target group. Source: ganopa-bot runbook 1, Fix 1.

    Raises:
        NotFound: when only the default action catches the requests.
        Refused: when the rule catches others too, or it is not certain which one it is.
    """
    rules = routing.rules(aws, parameters)
    rule, route = rules.first, f"{parameters.host}{parameters.path}"
    if rule.described["IsDefault"]:
        raise NotFound(say("there is no rule that catches {route}", route=route), aws)
    if rules.perhaps or not rules.complete or not rule.exactly(parameters):
        raise Refused(say("rule {rule} is not for {route} alone: a person has to decide", rule=rule.arn, route=route))
    yield Change(
        before={"rule": rule.arn, "forwards_to": rule.destinations},
        after={"rule": rule.arn, "forwards_to": {parameters.target_group: 1}},
        undo={"RuleArn": rule.arn, "Actions": rule.described["Actions"]},
    )
    *others, last = sorted(rule.described["Actions"], key=lambda action: action.get("Order", 0))
    forward: Any = {"Type": "forward", "TargetGroupArn": parameters.target_group, "Order": last.get("Order", 1)}
    aws.client("elbv2").modify_rule(RuleArn=rule.arn, Actions=[*others, forward])


@handler.undo("Lets the rule do what it did before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former actions back."""
    aws.client("elbv2").modify_rule(**undo)
