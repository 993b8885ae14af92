"""An account with something good and something bad of everything that the audit looks at, and with planted secrets."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.core.aws import Session
from tests.conftest import REGION
from tests.functions.amplify import Amplify
from tests.functions.answering import Answer
from tests.functions.checks import test_amplify_jobs as jobs
from tests.functions.checks import test_certificates_renewal as certificates
from tests.functions.checks import test_distributions as distributions
from tests.functions.checks import test_ecs_clusters as clusters
from tests.functions.checks import test_http_listeners as listeners
from tests.functions.checks import test_image_scans as images
from tests.functions.checks import test_mail_account as mail
from tests.functions.checks import test_mail_identities as identities
from tests.functions.checks import test_public_addresses as services
from tests.functions.checks import test_queues as queues
from tests.functions.checks import test_target_groups as targets
from tests.functions.checks.test_backup_plans import plan
from tests.functions.checks.test_buckets import account, blocking
from tests.functions.checks.test_dns_health_checks import add as health_check
from tests.functions.checks.test_event_rules import World as Rules
from tests.functions.conftest import Network
from tests.functions.databases import Rds
from tests.functions.iam_users import Users
from tests.functions.redis import Redis

US = "us-east-1"
PLANTED = "p1anted-s3cret"
OTHER = "il-central-1"  # a region that the CLI asks for queues where it is told to
SERVICES = 12  # more than ECS describes at once


class World:
    """The account; `amplify` and `ses` answer where moto does not."""

    def __init__(
        self, operator: Session, network: Network, target_group: str, push: images.Push, patch: pytest.MonkeyPatch
    ) -> None:
        self.operator, self.network, self.target_group, self.push, self.patch = (
            operator,
            network,
            target_group,
            push,
            patch,
        )
        self.amplify, self.identities = Amplify(), identities.Ses()
        self.users = Users(operator, patch)

    def ses(self, operation: str, asked: Answer) -> Answer:
        """Answer as SES."""
        if operation == "GetAccount":
            return mail.FINE | {"ProductionAccessEnabled": False, "SendingEnabled": False}
        return self.identities.told(operation, asked)

    def told(self, operation: str, asked: Answer) -> Answer:
        """Answer as Amplify, which has a size of pages if nobody gives one."""
        return self.amplify.answer(operation, {"maxResults": self.amplify.page} | asked)

    def fill(self) -> None:
        """Put everything into it."""
        for part in (self._people, self._app, self._edge, self._balancers, self._data, self._tasks, self._images):
            part()
        self._messages()
        self._watched()
        self._mail()

    def _people(self) -> None:
        self.users.add("ines", keys=(100, 3), password=True, mfa=True)
        self.users.add("marc", password=True)
        self.users.add("deploy+1@huntaze", keys=(5,))
        self.users.root(AccountAccessKeysPresent=1)
        trust = json.dumps({"Statement": [{"Condition": {"StringEquals": {"sts:ExternalId": PLANTED}}}]})
        for name in ("huntaze-app", "other"):
            self.users.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)

    def _app(self) -> None:
        variables = {"AWS_SECRET_ACCESS_KEY": PLANTED, "NODE_ENV": PLANTED}
        self.amplify.app, self.amplify.future = variables, {"JWT_SECRET": PLANTED}
        self.amplify.branches = {"main": {"DATABASE_URL": PLANTED}, "feature/x": {}}
        self.amplify.more = jobs.MORE | {"buildSpec": PLANTED, "basicAuthCredentials": PLANTED}
        self.amplify.jobs = [jobs.job(2, "FAILED"), jobs.job(1)]

    def _edge(self) -> None:
        cloudfront: Any = self.operator.client("cloudfront")
        header = {"HeaderName": "X-Origin", "HeaderValue": PLANTED}
        origin = {"Id": "one", "DomainName": "origin.example", "CustomOriginConfig": distributions.CUSTOM}
        origin["CustomHeaders"] = distributions.items(header)
        path = distributions.BEHAVIOUR | {"PathPattern": "/api/*", "ViewerProtocolPolicy": "https-only"}
        for number, (comment, policy) in enumerate([("Huntaze", "allow-all"), ("other", "redirect-to-https")]):
            config = {
                "CallerReference": str(number),
                "Origins": distributions.items(origin),
                "DefaultCacheBehavior": distributions.BEHAVIOUR | {"ViewerProtocolPolicy": policy},
                "CacheBehaviors": distributions.items(*([path] if number else [])),
                "Comment": comment,
                "Enabled": True,
            }
            cloudfront.create_distribution(DistributionConfig=config)
        s3: Any = self.operator.client("s3")
        for name in ("huntaze-assets", "huntaze-videos", "other"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_public_access_block(Bucket="huntaze-assets", PublicAccessBlockConfiguration=blocking())
        account(self.operator, **blocking("BlockPublicAcls"))
        health_check(self.operator, ResourcePath=f"/api/health?token={PLANTED}")

    def _balancers(self) -> None:
        ssh: Any = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.operator.client("ec2").authorize_security_group_ingress(
            GroupId=self.network.task_group, IpPermissions=[ssh]
        )
        vpc = self.operator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        balancers = listeners.World(self.operator, replace(self.network, vpc=vpc), self.target_group)
        balancers.add("huntaze-good")
        balancers.add("huntaze-plain", 1, http={"Type": "forward", "TargetGroupArn": self.target_group}, https=False)
        balancers.add("huntaze-inside", Scheme="internal")
        balancers.add("other", http=listeners.SAME)
        groups = targets.World(self.operator, self.network, self.patch)
        groups.add("huntaze-app", targets.HEALTHY, targets.SLOW)
        groups.add("other", targets.NEW)
        groups.add("huntaze-none")
        used = certificates.World(self.operator, self.network, self.target_group, self.patch)
        used.issued(20, "PENDING_VALIDATION")

    def _data(self) -> None:
        rds, redis = Rds(self.operator), Redis(self.operator)
        rds.database("huntaze-prod")
        rds.database(
            "huntaze-bad", MultiAZ=False, StorageEncrypted=False, BackupRetentionPeriod=1, PubliclyAccessible=True
        )
        rds.database("other")
        rds.replica("huntaze-copy", "huntaze-prod")
        rds.snapshot("huntaze-prod", 2)
        rds.snapshot("huntaze-bad", 30, "automated")
        redis.group("huntaze-sessions")
        plain = {"TransitEncryptionEnabled": False, "AtRestEncryptionEnabled": False}
        redis.group("huntaze-queue", MultiAZEnabled=False, AutomaticFailoverEnabled=False, **plain)
        redis.snapshot("huntaze-sessions", 1)
        redis.snapshot("huntaze-queue", 1, 20)
        redis.node("huntaze-trial")
        plan(self.operator, "daily")

    def _tasks(self) -> None:
        at_work = clusters.World(self.operator)
        at_work.add("huntaze-prod")
        at_work.add("idle")
        run = services.World(self.operator, self.network)
        for number in range(SERVICES):
            run.add("huntaze-prod", f"app-{number}", "ENABLED" if number == SERVICES - 1 else "DISABLED")
        run.add("idle", "huntaze-worker")
        environment = [
            {"name": "STRIPE_SECRET_KEY", "value": PLANTED},
            {"name": "AWS_SECRET_ACCESS_KEY", "value": PLANTED},
        ]
        containers: Any = [
            {"name": "app", "image": "app", "memory": 128, "environment": environment, "command": [PLANTED]},
            {"name": "proxy", "image": "proxy", "memory": 128},
        ]
        for region in (REGION, OTHER):
            self.operator.client("ecs", region).register_task_definition(
                family="huntaze-web", containerDefinitions=containers
            )

    def _images(self) -> None:
        images.scan(self.push("huntaze/app", "v1"), CRITICAL=1)
        images.scan(self.push("huntaze/video", "v1", on_push=False))
        self.push("huntaze/new", "v1")
        self.push("other", "v0", minutes_ago=10)
        self.push("other", "v1")

    def _messages(self) -> None:
        rules = Rules(self.operator)
        rules.add("huntaze-cron")
        rules.add("huntaze-off", "DISABLED")
        rules.add("other")
        sqs = queues.World(self.operator)
        sqs.add("huntaze-video-dlq", messages=1)
        sqs.add("huntaze-video", to="huntaze-video-dlq")
        sqs.add("other")

    def _watched(self) -> None:
        alarm: Any = {
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Period": 60,
        }
        alarm |= {"MetricName": "m", "Statistic": "Sum"}
        topic = f"arn:aws:sns:{REGION}:123456789012:alerts"
        cloudwatch = self.operator.client("cloudwatch")
        cloudwatch.put_metric_alarm(AlarmName="huntaze-rds", Namespace="AWS/RDS", AlarmActions=[topic], **alarm)
        cloudwatch.put_metric_alarm(AlarmName="huntaze-deaf", Namespace="AWS/SQS", **alarm)
        logs = self.operator.client("logs")
        for name in ("/ecs/huntaze", "/ecs/other"):
            logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName="/ecs/other", retentionInDays=30)

    def _mail(self) -> None:
        self.identities.domain("huntaze.com")
        unsigned = {"DkimAttributes": {"Status": "FAILED", "SigningEnabled": True}, "MailFromAttributes": {}}
        self.identities.domain("huntaze.app", "PENDING", **unsigned)
        self.identities.address("ops@huntaze.com")
