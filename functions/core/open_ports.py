"""Rules of security groups that are for more than the ports of the web, and what may be wrong about them."""

from typing import TYPE_CHECKING, NamedTuple

from functions.core.language import say
from functions.core.results import shortened
from functions.core.security_groups import covers, lets_world_in, sources

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import IpPermissionOutputTypeDef, SecurityGroupTypeDef

TCP, WEB = ("tcp", "6"), (80, 443)
# Of no port: nothing listens for it, and "fragmentation needed" and "packet too big" have to arrive from anywhere
ICMP = ("icmp", "icmpv6", "1", "58")
ADMIN = (22, 23, 1433, 1521, 2375, 3306, 3389, 5432, 6379, 9200, 11211, 27017)
SHOWN = 5


class Rule(NamedTuple):
    """An inbound rule; is it for the world, unknown where a prefix list tells, and for a port of administration?"""

    group: str
    line: str
    open: bool | None
    admin: bool


def beyond_web(group: "SecurityGroupTypeDef") -> list[Rule]:
    """List a group's inbound rules that are for anything but TCP 80, TCP 443 and ICMP."""
    return [
        Rule(group["GroupId"], _line(group, rule), lets_world_in(rule), any(covers(rule, port) for port in ADMIN))
        for rule in group["IpPermissions"]
        if not _harmless(rule)
    ]


def _harmless(rule: "IpPermissionOutputTypeDef") -> bool:
    return rule["IpProtocol"] in ICMP or (rule["IpProtocol"] in TCP and rule["FromPort"] == rule["ToPort"] in WEB)


def _line(group: "SecurityGroupTypeDef", rule: "IpPermissionOutputTypeDef") -> str:
    ports = dict.fromkeys(str(port) for port in (rule.get("FromPort"), rule.get("ToPort")) if port is not None)
    named = f"{rule['IpProtocol']} {'-'.join(ports)}".rstrip()
    return say(
        "{group} ({name}): {protocol} from {sources}",
        group=group["GroupId"],
        name=group["GroupName"],
        protocol=say("every protocol") if rule["IpProtocol"] == "-1" else named,
        sources=", ".join(shortened(sources(rule), SHOWN)),
    )
