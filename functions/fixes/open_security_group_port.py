"""Opens a port of a security group to another security group."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.core import security_groups
from functions.core.aws import Session
from functions.core.fields import Port, SecurityGroupId
from functions.core.fix import Changes, fix
from functions.core.permissions import allow
from functions.core.results import Change, Parameters

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import IpPermissionTypeDef

GONE = ("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound")


class OpenSecurityGroupPort(Parameters):
    """A security group, a TCP port, and the security group whose members may use it; groups by id."""

    security_group: SecurityGroupId
    port: Port
    source: SecurityGroupId


@fix(
    allow("ec2:DescribeSecurityGroups"),
    allow(
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupIngress",
        on="arn:aws:ec2:{region}:{account}:security-group/{security_group}",
    ),
    effect="Opens TCP port {port} of {security_group} to members of {source} only",
    risk="low",
    radius="Everything that carries {security_group} can be reached on {port} by members of {source}",
)
def handler(parameters: OpenSecurityGroupPort, aws: Session) -> Changes:
    """Open the port to the load balancer's security group. Source: ganopa-bot runbook 2, Fix 4."""
    group, port, source = parameters.security_group, parameters.port, parameters.source
    rules = security_groups.rules(aws, group, port)
    before = sorted({one for rule in rules for one in security_groups.sources(rule)})  # AWS keeps no order
    after = before if security_groups.lets_in(rules, source) else sorted([*before, source])
    rule: IpPermissionTypeDef = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "UserIdGroupPairs": [{"GroupId": source}],
    }
    undo = {"GroupId": group, "IpPermissions": [rule]}  # there is no such rule yet, so this takes away no other
    yield Change(before={"sources": before}, after={"sources": after}, undo=undo)
    aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


@handler.undo("Removes exactly the rule that was added")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Remove the rule, unless it is gone already."""
    try:
        aws.client("ec2").revoke_security_group_ingress(**undo)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
