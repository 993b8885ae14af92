"""Which sources a security group lets in on a port."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import IpPermissionOutputTypeDef

ANYWHERE = ip_network("0.0.0.0/0")
ANYWHERE6 = ip_network("::/0")


def rules(aws: Session, group: str, port: int) -> "list[IpPermissionOutputTypeDef]":
    """List a security group's inbound rules that cover a TCP port.

    Raises:
        NotFound: when there is no such security group.
    """
    try:
        found = aws.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidGroup.NotFound":
            raise NotFound(say("there is no security group {name}", name=group), aws) from error
        raise
    return [rule for rule in found["IpPermissions"] if covers(rule, port)]


def sources(rule: "IpPermissionOutputTypeDef") -> list[str]:
    """List what a rule lets in: group ids, address ranges, prefix lists."""
    pairs = [pair["GroupId"] for pair in rule.get("UserIdGroupPairs", [])]
    return pairs + _ranges(rule) + [prefix["PrefixListId"] for prefix in rule.get("PrefixListIds", [])]


def lets_in(covering: "Sequence[IpPermissionOutputTypeDef]", source: str) -> bool | None:
    """Say whether rules let a source in: a security group or an address range.

    Unknown where only what is not looked up could tell: the addresses behind a group or in a prefix list.
    """
    named = [one for rule in covering for one in sources(rule)]
    ranges = [ip_network(text) for rule in covering for text in _ranges(rule)]
    if source in named or _contained(ANYWHERE if source.startswith("sg-") else ip_network(source), ranges):
        return True
    undecided = any(one.startswith("pl-") for one in named) or (source.startswith("sg-") and bool(ranges))
    return None if undecided else False


def lets_world_in(rule: "IpPermissionOutputTypeDef") -> bool | None:
    """Say whether a rule is for every address there is, of IPv4 or of IPv6; unknown what a prefix list holds."""
    ranges = [ip_network(text) for text in _ranges(rule)]
    if any(_contained(network, ranges) for network in (ANYWHERE, ANYWHERE6)):
        return True
    return None if rule.get("PrefixListIds") else False


def covers(rule: "IpPermissionOutputTypeDef", port: int) -> bool:
    """Say whether a rule is for a TCP port, or for more."""
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] in ("tcp", "6") and rule["FromPort"] <= port <= rule["ToPort"]


def _ranges(rule: "IpPermissionOutputTypeDef") -> list[str]:
    addresses = [one["CidrIp"] for one in rule.get("IpRanges", [])]
    return addresses + [one["CidrIpv6"] for one in rule.get("Ipv6Ranges", [])]


def _contained(network: IPv4Network | IPv6Network, ranges: list[IPv4Network | IPv6Network]) -> bool:
    """Say whether ranges together, as two halves of the internet do, contain a network."""
    if isinstance(network, IPv4Network):
        merged = collapse_addresses([one for one in ranges if isinstance(one, IPv4Network)])
        return any(network.subnet_of(one) for one in merged)
    merged6 = collapse_addresses([one for one in ranges if isinstance(one, IPv6Network)])
    return any(network.subnet_of(one) for one in merged6)
