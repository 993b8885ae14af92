"""Makes a target group ask for what its targets answer."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import elb
from functions.core.aws import Session
from functions.core.fields import StatusCodes, UrlPath
from functions.core.fix import Changes, fix
from functions.core.permissions import allow
from functions.core.results import Change, Parameters


class CorrectHealthCheck(Parameters):
    """A target group, by ARN, and what it is to ask; port is a number or "traffic-port", the target's own."""

    target_group: str
    path: UrlPath
    port: Annotated[str, StringConstraints(pattern=r"^(traffic-port|[1-9]\d{0,4})$")]
    matcher: StatusCodes


@fix(
    allow("elasticloadbalancing:DescribeTargetGroups"),
    allow("elasticloadbalancing:ModifyTargetGroup", on="{target_group}"),
    effect="Lets the health check of {target_group} ask {path} on port {port} and expect {matcher}",
    risk="low",
    radius="Who the load balancer sends requests to in {target_group}; no task is touched",
)
def handler(parameters: CorrectHealthCheck, aws: Session) -> Changes:
    """Correct path, port and matcher of the health check. Source: ganopa-bot runbook 2, Fix 2."""
    before = elb.health_check(aws, parameters.target_group)
    wanted = parameters.model_dump(include={"path", "port", "matcher"})
    yield Change(before=before, after=wanted, undo={"target_group": parameters.target_group, **before})
    _set(aws, parameters.target_group, **wanted)


@handler.undo("Sets the health check back to what it asked before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former health check back."""
    _set(aws, **undo)


def _set(aws: Session, target_group: str, path: str, port: str, matcher: str) -> None:
    aws.client("elbv2").modify_target_group(
        TargetGroupArn=target_group, HealthCheckPath=path, HealthCheckPort=port, Matcher={"HttpCode": matcher}
    )
