"""The way in as the service file declares it: target groups, load balancer, listener, rules."""

from collections.abc import Callable
from typing import Any

from sandbox import agent_gateway
from sandbox.names import Resources

AGENT_HOST = "agent.maisonganopa.com"
HEALTH_CHECK = {
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPort": "traffic-port",
    "HealthCheckIntervalSeconds": 15,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
    "Matcher": {"HttpCode": "200"},
}
NOT_FOUND = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "Not Found"}


class Entrance:
    """Makes and restores it; `aws` gives a boto3 client by service name."""

    def __init__(self, aws: Callable[[str], Any], names: Resources) -> None:
        self._aws = aws
        self._names = names

    def build(self, vpc: str, certificate: str) -> None:
        """Make everything, once."""
        names, elbv2 = self._names, self._aws("elbv2")
        self._target_group(names.target_group, names.container_port, vpc, self.health_check())
        agents_check = {**HEALTH_CHECK, "HealthCheckPath": "/"}
        self._target_group(names.agent_target_group, agent_gateway.PORT, vpc, agents_check)
        groups = [names.load_balancer_security_group]
        name = names.load_balancer.split("/")[2]
        elbv2.create_load_balancer(Name=name, Subnets=names.subnets, SecurityGroups=groups, Type="application")
        elbv2.create_listener(
            LoadBalancerArn=names.load_balancer,
            Protocol="HTTPS",
            Port=names.https_port,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": NOT_FOUND}],
        )
        for rule in self.rules():
            elbv2.create_rule(ListenerArn=self.listener(), **rule)
        target = {"Id": agent_gateway.ADDRESS, "Port": agent_gateway.PORT}
        elbv2.register_targets(TargetGroupArn=names.agent_target_group, Targets=[target])

    def listener(self) -> str:
        """Return the ARN of the HTTPS listener."""
        found = self._aws("elbv2").describe_listeners(LoadBalancerArn=self._names.load_balancer)["Listeners"]
        return str(next(one["ListenerArn"] for one in found if one["Port"] == self._names.https_port))

    def rules(self) -> list[dict[str, Any]]:
        """Return the declared rules, as CreateRule takes them."""
        names, moved = self._names, {"Host": "www.#{host}", "StatusCode": "HTTP_301"}
        bot, agent = forward(names.target_group), forward(names.agent_target_group)
        paths = (names.webhook_path, names.health_path, "/_meta")
        ours = [{"Priority": at, "Conditions": [path_is(path)], "Actions": [bot]} for at, path in enumerate(paths, 10)]
        return [
            *ours,
            {"Priority": 20, "Conditions": [host_is(AGENT_HOST)], "Actions": [agent]},
            {"Priority": 30, "Conditions": [path_is("/agent", "/agent/*")], "Actions": [agent]},
            {
                "Priority": 40,
                "Conditions": [host_is("maisonganopa.com")],
                "Actions": [{"Type": "redirect", "RedirectConfig": moved}],
            },
        ]

    def restore(self) -> None:
        """Make the rules and the health check what they were declared to be; rules that stay keep their ARNs."""
        elbv2, listener = self._aws("elbv2"), self.listener()
        elbv2.modify_target_group(TargetGroupArn=self._names.target_group, **self.health_check())
        found = elbv2.describe_rules(ListenerArn=listener)["Rules"]
        there = {rule["Priority"]: rule["RuleArn"] for rule in found if not rule["IsDefault"]}
        for rule in self.rules():
            arn = there.pop(str(rule["Priority"]), None)
            if arn is None:
                elbv2.create_rule(ListenerArn=listener, **rule)
            else:
                elbv2.modify_rule(RuleArn=arn, Conditions=rule["Conditions"], Actions=rule["Actions"])
        for arn in there.values():
            elbv2.delete_rule(RuleArn=arn)

    def health_check(self) -> dict[str, Any]:
        """Return the declared health check of the bot's target group, as ModifyTargetGroup takes it."""
        return {**HEALTH_CHECK, "HealthCheckPath": self._names.health_path}

    def _target_group(self, arn: str, port: int, vpc: str, health_check: dict[str, Any]) -> None:
        elbv2, name = self._aws("elbv2"), arn.split("/")[1]
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=port, VpcId=vpc, TargetType="ip", **health_check)
        delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=delay)


def forward(target_group: str) -> dict[str, Any]:
    """Return the action that forwards to a target group."""
    return {"Type": "forward", "TargetGroupArn": target_group}


def path_is(*patterns: str) -> dict[str, Any]:
    """Return the condition that the path fits one of the patterns."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def host_is(*patterns: str) -> dict[str, Any]:
    """Return the condition that the host fits one of the patterns."""
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(patterns)}}
