"""A small ganopa-bot on moto, whose parts tests break, and the way to run a function there."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.ecs import ecs_backends
from moto.ecs.models import Service

from functions.core import hosts, language
from functions.core.aws import Session
from functions.core.check import Check
from functions.core.errors import NotFound
from functions.core.fix import Fix
from functions.core.results import Change, Finding, Started
from tests.actions import Actions
from tests.conftest import REGION
from tests.functions.hosts import Systems, serving
from tests.pseudo import Pseudo, english, plain

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/ganopa-bot:v1"
CLUSTER, SERVICE = "vancelian-dev-api-cluster", "ganopa-dev-bot-svc"
STEP = "2025-11-01T08-00-00-harena/change#1#0"
OF_SERVICE = {"cluster": CLUSTER, "service": SERVICE}

RunCheck = Callable[..., Finding]
RunFix = Callable[..., Change]
StartFix = Callable[..., tuple[Change, str]]
RunUndo = Callable[[Fix, dict[str, Any] | None], None]


@pytest.fixture(scope="session")
def marking() -> Pseudo:
    """The language that shows what escapes translation."""
    return Pseudo()


@pytest.fixture
def pseudo(marking: Pseudo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say everything in the language that shows what escapes translation: see tests/pseudo.py."""
    monkeypatch.setenv("SERVICE_LANGUAGE", "pseudo")
    monkeypatch.setattr(language, "catalogue", lambda _: marking)


@pytest.fixture
def run_check(pseudo: None, aws: Session, actions: Actions, monkeypatch: pytest.MonkeyPatch) -> RunCheck:  # noqa: ARG001
    """Call a check as Lambda does: `run_check(handler, target_group=…)`; no text of ours may escape translation."""

    def run(handler: Check, **parameters: Any) -> Finding:
        monkeypatch.setattr(handler, "session", aws)
        with actions.of(handler), _translated_errors():
            finding = Finding.model_validate(handler({"parameters": parameters}))
        english(finding.summary)
        return Finding.model_validate_json(plain(finding.model_dump_json()))

    return run


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        error.args = (english(str(error)),)
        raise


@pytest.fixture
def run_fix(aws: Session, actions: Actions) -> RunFix:
    """Make a fix's change, without the approval that its handler wants: `run_fix(handler, target_group=…)`."""

    def run(handler: Fix, **parameters: Any) -> Change:
        with actions.of(handler):
            changes = handler.body(handler.parameters.model_validate(parameters), aws)
            change = next(changes)
            if change.changed:
                change = next(changes, change)
        return Change.model_validate_json(change.model_dump_json())

    return run


@pytest.fixture
def start_fix(aws: Session, actions: Actions) -> StartFix:
    """Let a fix that takes long look, and start what it is for: `start_fix(handler, instance=…)`."""

    def start(handler: Fix, **parameters: Any) -> tuple[Change, str]:
        with actions.of(handler):
            changes = handler.body(handler.parameters.model_validate(parameters), aws)
            change = next(changes)
            assert isinstance(change, Change)
            started = changes.send(STEP)
        assert isinstance(started, Started)
        return change, started.command

    return start


@pytest.fixture
def run_undo(aws: Session, actions: Actions) -> RunUndo:
    """Take a fix's change back: `run_undo(handler, change.undo)`."""

    def run(handler: Fix, undo: dict[str, Any] | None) -> None:
        assert handler.revert
        assert undo is not None
        with actions.of(handler):
            handler.revert(undo, aws)

    return run


@dataclass
class Network:
    """Ids of what the service stands in."""

    vpc: str
    subnet: str
    load_balancer_group: str
    task_group: str


@pytest.fixture
def network(operator: Session) -> Network:
    """A network with two security groups, closed both."""
    ec2 = operator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("alb", "tasks")
    ]
    return Network(vpc, subnet, *groups)


@pytest.fixture
def target_group(operator: Session, network: Network) -> str:
    """The ARN of a target group that asks as the bot answers."""
    group = operator.client("elbv2").create_target_group(
        Name="ganopa-dev-bot-tg",
        Protocol="HTTP",
        Port=8000,
        VpcId=network.vpc,
        TargetType="ip",
        HealthCheckPath="/health",
        HealthCheckPort="traffic-port",
        Matcher={"HttpCode": "200"},
    )
    return group["TargetGroups"][0]["TargetGroupArn"]


@pytest.fixture
def service(operator: Session, network: Network, target_group: str) -> Service:
    """The bot's service, attached, as moto keeps it: tests set on it what ECS itself would."""
    ecs = operator.client("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    register(operator, IMAGE)
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition="ganopa-bot",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": [network.subnet],
                "securityGroups": [network.task_group],
                "assignPublicIp": "ENABLED",
            }
        },
        loadBalancers=[{"targetGroupArn": target_group, "containerName": "ganopa-bot", "containerPort": 8000}],
    )
    return ecs_backends[ACCOUNT][REGION].services[f"{CLUSTER}:{SERVICE}"]


def register(operator: Session, image: str, port: int = 8000) -> str:
    """Register a revision of the bot's task definition; return its ARN."""
    registered = operator.client("ecs").register_task_definition(
        family="ganopa-bot",
        networkMode="awsvpc",
        containerDefinitions=[
            {"name": "ganopa-bot", "image": image, "memory": 128, "portMappings": [{"containerPort": port}]}
        ],
    )
    revision: Any = ecs_backends[ACCOUNT][REGION].describe_task_definition(
        registered["taskDefinition"]["taskDefinitionArn"]
    )
    revision.registered_at = datetime.now(UTC)  # which moto does not tell
    return str(revision.arn)


def deploy(operator: Session, image: str) -> str:
    """Move the service to a new revision with this image; return the revision's ARN."""
    revision = register(operator, image)
    operator.client("ecs").update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=revision)
    return revision


def push(operator: Session, *tags: str, kind: str = "application/vnd.docker.distribution.manifest.v2+json") -> str:
    """Push an image with these tags; return its digest."""
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": str(tags)}]})
    ecr, image = operator.client("ecr"), {"repositoryName": "ganopa-bot", "imageManifest": manifest}
    digests = [ecr.put_image(**image, imageTag=tag)["image"]["imageId"]["imageDigest"] for tag in tags]
    return digests[0]


def describe(operator: Session) -> dict[str, Any]:
    """Look at the service as an operator would."""
    return dict(operator.client("ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0])


@pytest.fixture
def systems(aws: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systems]:
    """Systems Manager, with one instance that answers; nobody waits."""
    monkeypatch.setenv("SERVICE", "harena")
    monkeypatch.setattr(hosts, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(hosts, "LONGEST_PAUSE", 0.001)
    monkeypatch.setattr(hosts, "SECONDS", 0.02)
    systems = Systems()
    with serving(systems, aws):
        yield systems
