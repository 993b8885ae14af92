"""ganopa's system as its service file declares it, made through AWS's API."""

import json
from collections.abc import Callable
from typing import Any

from moto.route53.models import HostedZoneIdentifier
from moto.secretsmanager.utils import SecretsManagerSecretIdentifier
from moto.utilities.id_generator import moto_id_manager

from sandbox import images
from sandbox.bot import ACCEPTED_KEY, ECHO_RELEASE, FORMER_RELEASE, RELEASE
from sandbox.certificates import Issued
from sandbox.entrance import Entrance
from sandbox.names import Resources
from sandbox.patches.ec2_ids import next_id
from statemachines import load

SERVICE = "ganopa-bot"
CIDRS = ("10.40.1.0/24", "10.40.2.0/24")
PUSHED = {ECHO_RELEASE: 40, FORMER_RELEASE: 9, RELEASE: 2}  # days ago
ROLE = "ecsTaskExecutionRole"
VARIABLES = {"TELEGRAM_BOT_TOKEN": "000000:sandbox"}
CONFIGURATION = {
    "maximumPercent": 100,
    "minimumHealthyPercent": 0,
    "deploymentCircuitBreaker": {"enable": True, "rollback": False},
}


class Builder:
    """Makes the system; `aws` gives a boto3 client by service name."""

    def __init__(self, aws: Callable[[str], Any]) -> None:
        self._aws = aws
        service = load.services()[SERVICE]
        self.account, self.region, self.names = service.account, service.region, Resources(**service.resources)
        self.entrance = Entrance(aws, self.names)
        self.certificate = ""
        self.domain = self.names.host.partition(".")[2]

    def build(self, issued: Issued) -> None:
        """Make everything but the ECS service, once."""
        vpc = self._aws("ec2").create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        self._network(vpc)
        self.certificate = str(self._aws("acm").import_certificate(**issued.material)["CertificateArn"])
        self.entrance.build(vpc, self.certificate)
        moto_id_manager.set_custom_id(
            HostedZoneIdentifier(self.account, f"{self.domain}.", None), self.names.hosted_zone
        )
        self._aws("route53").create_hosted_zone(Name=self.domain, CallerReference=self.domain)
        self._aws("ecr").create_repository(repositoryName=self.names.repository)
        for tag, days in PUSHED.items():
            self.push(tag)
            images.backdate(self.names.repository, tag, days)
        self._aws("logs").create_log_group(logGroupName=self.names.log_group)
        self._secret()
        self._aws("ecs").create_cluster(clusterName=self.names.cluster)
        self.register(RELEASE)

    def image(self, tag: str) -> str:
        """Return the image's full name."""
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.names.repository}:{tag}"

    def push(self, commit: str, *tags: str) -> None:
        """Push what was built from a commit, tagged with it and with `tags`, which leave their former images."""
        manifest = images.manifest(commit)
        for tag in (commit, *tags):
            there = images.find(self.image(tag))
            if there is None or there.commit != commit:
                self._aws("ecr").put_image(repositoryName=self.names.repository, imageManifest=manifest, imageTag=tag)

    def register(self, tag: str, without: str = "", **more: str) -> str:
        """Register a revision of the task definition; return its ARN."""
        variables = {name: value for name, value in {**VARIABLES, **more}.items() if name != without}
        secrets = {"OPENAI_API_KEY": self.names.openai_reference} if without != "OPENAI_API_KEY" else {}
        options = {"awslogs-group": self.names.log_group, "awslogs-region": self.region, "awslogs-stream-prefix": "ecs"}
        container = {
            "name": self.names.container,
            "image": self.image(tag),
            "essential": True,
            "portMappings": [{"containerPort": self.names.container_port, "protocol": "tcp"}],
            "environment": [{"name": name, "value": value} for name, value in variables.items()],
            "secrets": [{"name": name, "valueFrom": arn} for name, arn in secrets.items()],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        definition = self._aws("ecs").register_task_definition(
            family=self.names.task_definition,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{self.account}:role/{ROLE}",
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

    def _secret(self) -> None:
        name, _, suffix = self.names.openai_reference.partition(":secret:")[2].rpartition("-")
        moto_id_manager.set_custom_id(SecretsManagerSecretIdentifier(self.account, self.region, name), suffix)
        self._aws("secretsmanager").create_secret(Name=name, SecretString=ACCEPTED_KEY)
        trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self._aws("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        scope = f"{self.region}:{self.account}"
        read = {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameters"],
            "Resource": [
                f"arn:aws:secretsmanager:{scope}:secret:{SERVICE}/*",
                f"arn:aws:ssm:{scope}:parameter/{SERVICE}/*",
            ],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [read]})
        self._aws("iam").put_role_policy(RoleName=ROLE, PolicyName="secrets", PolicyDocument=policy)
