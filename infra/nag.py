"""Written reasons for what cdk-nag finds and we want, each on one finding of one construct."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from infra.grants import Grant

WILDCARDS = {
    "logs:log-group": "log streams are named at run time; the log group is exactly one",
    "ecs:task": "task ids are made by ECS at run time; the cluster is exactly one",
    "ecs:task-definition": "revisions are numbered by ECS as they are registered; their family is exactly one",
    "elasticloadbalancing:listener": "a listener's id is made by AWS; the load balancer is exactly one",
    "elasticloadbalancing:listener-rule": "ids of rules are made by AWS; the load balancer is exactly one",
    "acm:certificate": "certificates are issued, and replaced, under new ids",
    "states:execution": "executions are named at run time; the state machine is exactly one",
}
LOOKS = "a check that looks at all of a kind in the account; it can only read"


def accept(construct: IConstruct, finding: str, reason: str) -> None:
    """Accept one finding of cdk-nag's AWS Solutions rules on one construct.

    Args:
        construct: the one that has the finding, or the one around it.
        finding: rule and finding, for example `IAM5[Resource::*]`.
        reason: why it is right as it is.
    """
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason))


def accept_wildcards(role: IConstruct, grants: list[Grant], *, reads: bool = False) -> None:
    """Accept the wildcards of a role's grants, where a reason for their kind is written here, or it only reads."""
    unknown = sorted({action for grant in grants if grant.resources == ("*",) for action in grant.actions})
    if unknown:
        accept(role, "IAM5[Resource::*]", f"IAM knows no resource for: {', '.join(unknown)}")
    for arn in sorted({arn for grant in grants for arn in grant.resources if "*" in arn[1:]}):
        reason = WILDCARDS.get(_kind(arn)) or (LOOKS if reads else "")
        if reason:
            accept(role, f"IAM5[Resource::{arn}]", reason)


def _kind(arn: str) -> str:
    """Return an ARN's service and type of resource, for example `ecs:task`."""
    _, _, service, _, _, resource = arn.split(":", 5)
    return f"{service}:{resource.replace('/', ':').partition(':')[0]}"
