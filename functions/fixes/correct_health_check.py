"""Makes a target group ask for what its targets answer."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import elb
from functions.core.aws import Session
from functions.core.fields import StatusCodes
from functions.core.fix import fix
from functions.core.permissions import allow
from functions.core.results import Change, Parameters


class CorrectHealthCheck(Parameters):
    """A target group, by ARN, and what it is to ask; port is a number or "traffic-port", the target's own."""

    target_group: str
    path: Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=1024)]
    port: Annotated[str, StringConstraints(pattern=r"^(traffic-port|[1-9]\d{0,4})$")]
    matcher: StatusCodes


@fix(
    allow("elasticloadbalancing:DescribeTargetGroups"),
    allow("elasticloadbalancing:ModifyTargetGroup", on="{target_group}"),
    effect="Lets the health check of {target_group} ask {path} on port {port} and expect {matcher}",
    risk="low",
    radius="Who the load balancer sends requests to in {target_group}; no task is touched",
)
def handler(parameters: CorrectHealthCheck, aws: Session) -> Change:
    """Correct path, port and matcher of the health check. Source: ganopa-bot runbook 2, Fix 2."""
    before = elb.health_check(aws, parameters.target_group)
    wanted = parameters.model_dump(include={"path", "port", "matcher"})
    if before == wanted:
        return Change(before=before, after=before)
    _set(aws, parameters.target_group, **wanted)
    after = elb.health_check(aws, parameters.target_group)
    return Change(before=before, after=after, undo={"target_group": parameters.target_group, **before})


@handler.undo("Sets the health check back to what it asked before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former health check back."""
    _set(aws, **undo)


def _set(aws: Session, target_group: str, path: str, port: str, matcher: str) -> None:
    aws.client("elbv2").modify_target_group(
        TargetGroupArn=target_group, HealthCheckPath=path, HealthCheckPort=port, Matcher={"HttpCode": matcher}
    )
