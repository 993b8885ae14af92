"""ganopa's system as its service file declares it, made through AWS's API."""

from collections.abc import Callable
from typing import Any

import pydantic

from sandbox.bot import BROKEN_RELEASE, RELEASE
from sandbox.patches.ec2_ids import next_id
from statemachines import load

SERVICE = "ganopa-bot"
CIDRS = ("10.40.1.0/24", "10.40.2.0/24")
PUSHED = (RELEASE, BROKEN_RELEASE)
PATHS = ("/telegram/webhook", "/health", "/_meta")
VARIABLES = {"TELEGRAM_BOT_TOKEN": "000000:sandbox", "OPENAI_API_KEY": "sk-sandbox"}
CONFIGURATION = {
    "maximumPercent": 100,
    "minimumHealthyPercent": 0,
    "deploymentCircuitBreaker": {"enable": True, "rollback": False},
}


class Resources(pydantic.BaseModel):
    """The names in a service file's `resources` that the sandbox builds."""

    cluster: str
    ecs_service: str
    target_group: str
    load_balancer: str
    load_balancer_security_group: str
    task_security_group: str
    container: str
    container_port: int
    health_path: str
    health_url: str
    webhook_url: str
    log_group: str
    repository: str
    desired_count: int
    task_definition: str
    subnets: list[str]


class Builder:
    """Makes the system; `aws` gives a boto3 client by service name."""

    def __init__(self, aws: Callable[[str], Any]) -> None:
        self._aws = aws
        service = load.services()[SERVICE]
        self.account, self.region, self.names = service.account, service.region, Resources(**service.resources)

    def build(self, certificate: bytes, key: bytes, chain: bytes) -> None:
        """Make everything but the ECS service, once."""
        vpc = self._aws("ec2").create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        self._network(vpc)
        arn = self._aws("acm").import_certificate(Certificate=certificate, PrivateKey=key, CertificateChain=chain)
        self._load_balancer(vpc, arn["CertificateArn"])
        self._aws("ecr").create_repository(repositoryName=self.names.repository)
        for tag in PUSHED:
            self.push(tag)
        self._aws("logs").create_log_group(logGroupName=self.names.log_group)
        self._aws("ecs").create_cluster(clusterName=self.names.cluster)
        self.register(RELEASE)

    def image(self, tag: str) -> str:
        """Return the image's full name."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.names.repository}:{tag}"

    def push(self, tag: str) -> None:
        """Push an image with this tag."""
        media_type = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = f'{{"schemaVersion": 2, "mediaType": "{media_type}", "config": {{"digest": "sha256:{tag}"}}}}'
        self._aws("ecr").put_image(repositoryName=self.names.repository, imageManifest=manifest, imageTag=tag)

    def register(self, tag: str, without: str = "", **more: str) -> str:
        """Register a revision of the task definition; return its ARN."""
        variables = {name: value for name, value in {**VARIABLES, **more}.items() if name != without}
        options = {"awslogs-group": self.names.log_group, "awslogs-region": self.region, "awslogs-stream-prefix": "ecs"}
        container = {
            "name": self.names.container,
            "image": self.image(tag),
            "essential": True,
            "portMappings": [{"containerPort": self.names.container_port, "protocol": "tcp"}],
            "environment": [{"name": name, "value": value} for name, value in variables.items()],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        definition = self._aws("ecs").register_task_definition(
            family=self.names.task_definition,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{self.account}:role/ecsTaskExecutionRole",
            containerDefinitions=[container],
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def create_service(self) -> None:
        """Create the ECS service from the first revision of its task definition."""
        network = {"subnets": self.names.subnets, "securityGroups": [self.names.task_security_group]}
        self._aws("ecs").create_service(
            cluster=self.names.cluster,
            serviceName=self.names.ecs_service,
            taskDefinition=f"{self.names.task_definition}:1",
            desiredCount=self.names.desired_count,
            launchType="FARGATE",
            loadBalancers=self.attachment(),
            networkConfiguration={"awsvpcConfiguration": {**network, "assignPublicIp": "DISABLED"}},
            deploymentConfiguration=CONFIGURATION,
            healthCheckGracePeriodSeconds=60,
        )

    def attachment(self) -> list[dict[str, Any]]:
        """Return the service's loadBalancers."""
        names = self.names
        entry = {"containerName": names.container, "containerPort": names.container_port}
        return [{"targetGroupArn": names.target_group, **entry}]

    def rules(self) -> dict[str, dict[str, Any]]:
        """Return the declared ingress of each security group, as IpPermissions."""
        public = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        pairs = [{"GroupId": self.names.load_balancer_security_group}]
        port = self.names.container_port
        private = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": pairs}
        return {self.names.load_balancer_security_group: public, self.names.task_security_group: private}

    def health_check(self) -> dict[str, Any]:
        """Return the declared health check of the target group, as ModifyTargetGroup takes it."""
        return {
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": self.names.health_path,
            "HealthCheckIntervalSeconds": 15,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
        }

    def _network(self, vpc: str) -> None:
        ec2 = self._aws("ec2")
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        for subnet, cidr, zone in zip(self.names.subnets, CIDRS, "ab", strict=True):
            with next_id(subnet):
                ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=f"{self.region}{zone}")
        for group, permission in self.rules().items():
            name = "maisonganopa-alb" if group == self.names.load_balancer_security_group else "ganopa-dev-bot"
            with next_id(group):
                ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    def _load_balancer(self, vpc: str, certificate: str) -> None:
        elbv2, names = self._aws("elbv2"), self.names
        group = {"Name": names.target_group.split("/")[1], "Protocol": "HTTP", "Port": names.container_port}
        elbv2.create_target_group(**group, VpcId=vpc, TargetType="ip", **self.health_check())
        delay = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        elbv2.modify_target_group_attributes(TargetGroupArn=names.target_group, Attributes=delay)
        groups = [names.load_balancer_security_group]
        name = names.load_balancer.split("/")[2]
        elbv2.create_load_balancer(Name=name, Subnets=names.subnets, SecurityGroups=groups, Type="application")
        fixed = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "Not Found"}
        listener = elbv2.create_listener(
            LoadBalancerArn=names.load_balancer,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
        )["Listeners"][0]["ListenerArn"]
        for priority, path in enumerate(PATHS, start=10):
            elbv2.create_rule(
                ListenerArn=listener,
                Priority=priority,
                Conditions=[{"Field": "path-pattern", "Values": [path]}],
                Actions=[{"Type": "forward", "TargetGroupArn": names.target_group}],
            )
