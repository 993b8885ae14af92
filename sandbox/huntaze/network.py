"""A region's network: private and public subnets in two zones, and security groups, of which one lets the world in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.huntaze.place import APP, Place
from sandbox.huntaze.undo import Undo

WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
WEB = (80, 443)
SERVICE_PORT, POSTGRES, REDIS, SSH, DEBUGGER = 3000, 5432, 6379, 22, 9229


@dataclass(frozen=True)
class Network:
    """Ids of what was made."""

    vpc: str
    public: list[str]
    private: list[str]
    of_balancer: str
    of_tasks: str
    of_data: str


def build(place: Place) -> Network:
    """Make it."""
    ec2 = place.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(
        VpcId=vpc, InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    )
    public, private = (
        [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{first + at}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for at, zone in enumerate(place.zones)
        ]
        for first in (0, 10)
    )
    balancer, tasks, data = (
        ec2.create_security_group(GroupName=f"{place.name}-{of}", Description=of, VpcId=vpc)["GroupId"]
        for of in ("balancer", "tasks", "data")
    )
    for port in WEB:
        _open(place, balancer, port, **WORLD)
    _open(place, tasks, SERVICE_PORT, UserIdGroupPairs=[{"GroupId": balancer}])
    for port in (POSTGRES, REDIS):
        _open(place, data, port, UserIdGroupPairs=[{"GroupId": tasks}])
    return Network(vpc, public, private, balancer, tasks, data)


def look(place: Place) -> Any:
    """Return what is to stay as it is: who is let in."""
    groups = place.aws("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [f"{place.name}-*"]}])
    return [(group["GroupName"], group["IpPermissions"]) for group in groups["SecurityGroups"]]


def open_admin(undo: Undo) -> None:
    """Somebody has let the world in to SSH, for a minute."""
    _let_in(undo, SSH)


def open_ports(undo: Undo) -> None:
    """Somebody has let the world in to a debugger, for a minute."""
    _let_in(undo, DEBUGGER)


def _let_in(undo: Undo, port: int) -> None:
    ec2 = APP.aws("ec2")
    named = [{"Name": "group-name", "Values": [f"{APP.name}-tasks"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
    rule = _open(APP, group, port, **WORLD)
    undo.callback(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=[rule])


def _open(place: Place, group: str, port: int, **to: Any) -> dict[str, Any]:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **to}
    place.aws("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    return rule
