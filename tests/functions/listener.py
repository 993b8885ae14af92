"""A load balancer with a listener, and rules as operators write them."""

from typing import Any

from functions.core.aws import Session
from tests.functions.conftest import Network

HOST, PATH = "api.maisonganopa.com", "/telegram/webhook"


class Listener:
    """The HTTPS port of a load balancer whose default action answers 404 itself; `arn` is the load balancer's."""

    port = 443

    def __init__(self, operator: Session, network: Network, target_group: str, certificate: str = "") -> None:
        """Make the load balancer, and target groups of this bot and of another service; HTTPS with a certificate."""
        self.elb = operator.client("elbv2")
        ec2 = operator.client("ec2")
        other = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="me-central-1b")
        subnets = [network.subnet, other["Subnet"]["SubnetId"]]
        balancer = self.elb.create_load_balancer(Name="maisonganopa-alb", Subnets=subnets)["LoadBalancers"][0]
        self.vpc, self.arn, self.target_group = network.vpc, balancer["LoadBalancerArn"], target_group
        self.elsewhere = self.group("agent-gateway-tg")
        default: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        tls: Any = {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": certificate}]}
        made = self.elb.create_listener(
            LoadBalancerArn=self.arn,
            Port=self.port,
            DefaultActions=[default],
            **(tls if certificate else {"Protocol": "HTTP"}),
        )
        self.listener = made["Listeners"][0]["ListenerArn"]

    @property
    def route(self) -> dict[str, Any]:
        """What functions are told of the webhook's way."""
        listener = {"load_balancer": self.arn, "port": self.port}
        return listener | {"host": HOST, "path": PATH, "target_group": self.target_group}

    def group(self, name: str) -> str:
        """Make another target group; return its ARN."""
        made = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=8000, VpcId=self.vpc, TargetType="ip")
        return made["TargetGroups"][0]["TargetGroupArn"]

    def rule(self, priority: int, target_group: str = "", **other: Any) -> str:
        """Add a rule for the webhook, or what is said otherwise; return its ARN."""
        action: Any = {"Type": "forward", "TargetGroupArn": target_group or self.target_group}
        conditions: Any = [path(PATH)]
        given: Any = {"Conditions": conditions, "Actions": [action]} | other
        made = self.elb.create_rule(ListenerArn=self.listener, Priority=priority, **given)
        return made["Rules"][0]["RuleArn"]

    def secure(self, port: int, certificate: str) -> None:
        """Listen on another port, with a certificate."""
        action: Any = {"Type": "forward", "TargetGroupArn": self.target_group}
        self.elb.create_listener(
            LoadBalancerArn=self.arn,
            Protocol="HTTPS",
            Port=port,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[action],
        )

    def repoint(self, target_group: str) -> None:
        """Let the first rule forward to another target group."""
        action: Any = {"Type": "forward", "TargetGroupArn": target_group}
        self.elb.modify_rule(RuleArn=self.rules()[0]["RuleArn"], Actions=[action])

    def rules(self) -> list[Any]:
        """Look at the rules as an operator would."""
        return list(self.elb.describe_rules(ListenerArn=self.listener)["Rules"])


def path(*values: str) -> Any:
    """Write a condition for paths."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def host(*values: str) -> Any:
    """Write a condition for hosts."""
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def weighted(**groups: int) -> Any:
    """Write an action that forwards to target groups, by ARN, with weights."""
    shares = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups.items()]
    return {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": shares}}
