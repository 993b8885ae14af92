"""Every fix, interrupted right before and right after its call to AWS: completed once, and taken back once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from moto.ecs.models import Service

from functions.core import catalogue, guards
from functions.core.aws import Session
from functions.core.fix import Fix, Interfered
from functions.core.incidents import Incidents
from functions.core.plan import Plan, Step
from tests.functions.authority import HOST, Certificates, Zone
from tests.functions.conftest import IMAGE, OF_SERVICE, REGISTRY, SERVICE, Network, describe, register
from tests.functions.fixes.revisions import DEPLOYED
from tests.functions.hosts import OF as OF_PROJECT
from tests.functions.hosts import Systems
from tests.functions.listener import Listener
from tests.functions.workflow.conftest import environment, package, packages
from tests.functions.workflow.world import OF, TABLE

__all__ = ["environment", "package", "packages"]
ASKED: dict[str, Any] = {**OF, "round": 1, "step": 0, "lock": 1}
RETRIED, UNDO = ASKED | {"attempt": 1}, ASKED | {"undo": True}
BEHIND = {"container": "ganopa-bot", "container_port": 8000}
TLS = 8443
CLIENTS = {"elastic-load-balancing-v2": "elbv2", "route-53": "route53"}  # by the names that their events have
SECRET = "arn:aws:ssm:me-central-1:123456789012:parameter/bot/key"
RIGHT = {"path": "/health", "port": "traffic-port", "matcher": "200"}


class World(NamedTuple):
    """The service's parts, and who looks at them and breaks them."""

    operator: Session
    service: Service
    network: Network
    target_group: str
    listener: Listener
    systems: Systems


class Case(NamedTuple):
    """A fix: what it is given, its one call that changes anything, how to break what it repairs, and to look at it.

    `meddle` is what somebody else does to the same thing; `settle` what AWS does after the call, and moto does not.
    `only` is what the call's request contains, where the fix makes others like it that change nothing.
    """

    given: Callable[[World], dict[str, Any]]
    call: str
    spoil: Callable[[World], Any]
    look: Callable[[World], Any]
    meddle: Callable[[World], Any]
    settle: Callable[[World], Any] = lambda _: None
    only: str = ""


def rules(world: World) -> Any:
    """List the inbound rules of the tasks' security group."""
    groups = world.operator.client("ec2").describe_security_groups(GroupIds=[world.network.task_group])
    return groups["SecurityGroups"][0]["IpPermissions"]


def let_in(world: World, address: str) -> None:
    """Let an address in."""
    ranges: Any = [{"CidrIp": address}]
    world.operator.client("ec2").authorize_security_group_ingress(
        GroupId=world.network.task_group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": ranges}],
    )


def probe(world: World, path: str) -> None:
    """Let the load balancer ask for a path."""
    world.operator.client("elbv2").modify_target_group(TargetGroupArn=world.target_group, HealthCheckPath=path)


def probed(world: World) -> Any:
    """Look what the load balancer asks for."""
    groups = world.operator.client("elbv2").describe_target_groups(TargetGroupArns=[world.target_group])
    return groups["TargetGroups"][0]["HealthCheckPath"]


def remove(world: World) -> None:
    """Let the service be INACTIVE."""
    world.operator.client("ecs").delete_service(**OF_SERVICE, force=True)
    world.service.deployments = []


def shape(world: World) -> Any:
    """Look at what the service is, whatever it is doing."""
    found = describe(world.operator)
    return {name: found[name] for name in ("status", "desiredCount", "taskDefinition", "loadBalancers")}


def declared(world: World) -> dict[str, Any]:
    """Write the service's file."""
    return {
        "task_definition": "ganopa-bot",
        "desired_count": 2,
        "subnets": [world.network.subnet],
        "security_group": world.network.task_group,
        "target_group": world.target_group,
    }


def deploy(world: World, image: str) -> None:
    """Let the service run a new revision with this image."""
    revision = register(world.operator, image)
    world.operator.client("ecs").update_service(**OF_SERVICE, taskDefinition=revision)  # type: ignore[arg-type]


def image(world: World, tag: str) -> dict[str, str]:
    """Push an image; return what names it."""
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    world.operator.client("ecr").create_repository(repositoryName="ganopa-bot")
    world.operator.client("ecr").put_image(
        repositoryName="ganopa-bot", imageManifest=json.dumps(manifest), imageTag=tag
    )
    return {"repository": "ganopa-bot", "tag": tag}


def certificate(world: World, *names: str) -> str:
    """Have a certificate; return its ARN."""
    return Certificates(world.operator).add(*names)


def presented(world: World) -> Any:
    """Look at the listener's certificate."""
    found = world.listener.elb.describe_listeners(LoadBalancerArn=world.listener.arn)["Listeners"]
    return [one["Certificates"] for one in found if one["Port"] == TLS]


def present(world: World, arn: str) -> None:
    """Let the listener have another certificate."""
    listeners = world.listener.elb.describe_listeners(LoadBalancerArn=world.listener.arn)["Listeners"]
    secure = next(one["ListenerArn"] for one in listeners if one["Port"] == TLS)
    world.listener.elb.modify_listener(ListenerArn=secure, Certificates=[{"CertificateArn": arn}])


def zones(world: World) -> list[str]:
    """List the zones, by id."""
    found = world.operator.client("route53").list_hosted_zones()["HostedZones"]
    return [one["Id"].rpartition("/")[2] for one in found]


def records(world: World) -> Any:
    """Look at the zone's records."""
    found = world.operator.client("route53").list_resource_record_sets(HostedZoneId=zones(world)[0])
    return found["ResourceRecordSets"]


def overwrite(world: World) -> None:
    """Let another record stand where ACM wants its own."""
    acm = Certificates(world.operator)
    asked = acm.acm.list_certificates()["CertificateSummaryList"][0]["CertificateArn"]
    change: Any = {
        "Name": acm.record(asked)["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": "else"}],
    }
    world.operator.client("route53").change_resource_record_sets(
        HostedZoneId=zones(world)[0],
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]},
    )


def since(world: World, moment: str, more: str = "") -> None:
    """Let a service's container have started at another moment."""
    world.systems.said["look_started"] = f"started={moment}\n{more}"


def restarting(world: World) -> None:
    """Let a container run for long, and start again when it is told to."""
    since(world, "2025-10-24")
    world.systems.effects["do_restart"] = lambda: since(world, "2025-10-31", "health=starting\n")


CASES = {
    "restart_container": Case(
        lambda _: {**OF_PROJECT, "service": "user_service"},
        "ssm.SendCommand",
        restarting,
        lambda world: dict(world.systems.said),
        lambda world: since(world, "2025-10-30"),
        only="do-restart",
    ),
    "attach_certificate": Case(
        lambda world: {"load_balancer": world.listener.arn, "port": TLS, "certificate": certificate(world, HOST)},
        "elastic-load-balancing-v2.ModifyListener",
        lambda world: world.listener.secure(TLS, certificate(world, "www.maisonganopa.com")),
        presented,
        lambda world: present(world, certificate(world, "other.maisonganopa.com")),
    ),
    "request_certificate": Case(
        lambda world: {"host": HOST, "hosted_zone": zones(world)[0]},
        "route-53.ChangeResourceRecordSets",
        lambda world: Zone(world.operator),
        records,
        overwrite,
    ),
    "attach_target_group": Case(
        lambda world: OF_SERVICE | BEHIND | {"target_group": world.target_group},
        "ecs.UpdateService",
        lambda world: setattr(world.service, "load_balancers", []),
        shape,
        lambda world: setattr(world.service, "load_balancers", [{"targetGroupArn": "arn:other"}]),
    ),
    "correct_health_check": Case(
        lambda world: RIGHT | {"target_group": world.target_group},
        "elastic-load-balancing-v2.ModifyTargetGroup",
        lambda world: probe(world, "/wrong"),
        probed,
        lambda world: probe(world, "/else"),
    ),
    "force_new_deployment": Case(
        lambda _: OF_SERVICE,
        "ecs.UpdateService",
        lambda world: world.service.deployments[0].update(rolloutState="FAILED"),
        lambda world: [one["id"] for one in describe(world.operator)["deployments"]],
        lambda world: world.service.deployments[0].update(id="ecs-svc/another", rolloutState="FAILED"),
        lambda world: world.service.deployments[0].update(rolloutState="IN_PROGRESS"),
    ),
    "deploy_image": Case(
        lambda world: DEPLOYED | image(world, "v2"),
        "ecs.UpdateService",
        lambda world: deploy(world, IMAGE),
        shape,
        lambda world: deploy(world, f"{REGISTRY}/ganopa-bot:v9"),
    ),
    "move_to_revision": Case(
        lambda world: OF_SERVICE | {"revision": register(world.operator, IMAGE)},
        "ecs.UpdateService",
        lambda world: deploy(world, IMAGE),
        shape,
        lambda world: deploy(world, IMAGE),
    ),
    "point_rule_at_target_group": Case(
        lambda world: world.listener.route,
        "elastic-load-balancing-v2.ModifyRule",
        lambda world: world.listener.rule(10, world.listener.elsewhere),
        lambda world: world.listener.rules(),
        lambda world: world.listener.repoint(world.listener.group("third")),
    ),
    "reference_secret": Case(
        lambda _: DEPLOYED | {"variable": "OPENAI_API_KEY", "secret": SECRET},
        "ecs.UpdateService",
        lambda world: deploy(world, IMAGE),
        shape,
        lambda world: deploy(world, f"{REGISTRY}/ganopa-bot:v9"),
    ),
    "open_security_group_port": Case(
        lambda world: {
            "security_group": world.network.task_group,
            "port": 8000,
            "source": world.network.load_balancer_group,
        },
        "ec2.AuthorizeSecurityGroupIngress",
        lambda world: let_in(world, "10.9.0.0/16"),
        rules,
        lambda world: let_in(world, "10.7.0.0/16"),
    ),
    "recreate_ecs_service": Case(
        lambda world: OF_SERVICE | BEHIND | declared(world),
        "ecs.CreateService",
        remove,
        shape,
        lambda world: setattr(world.service, "desired_count", 7),
    ),
    "restore_desired_count": Case(
        lambda _: OF_SERVICE | {"desired_count": 2},
        "ecs.UpdateService",
        lambda world: setattr(world.service, "desired_count", 0),
        shape,
        lambda world: setattr(world.service, "desired_count", 5),
    ),
}
REVERSIBLE = [name for name in CASES if catalogue.fixes()[name].revert]
every_fix = pytest.mark.parametrize("name", CASES)
every_reversible_fix = pytest.mark.parametrize("name", REVERSIBLE)
every_irreversible_fix = pytest.mark.parametrize("name", sorted(CASES.keys() - REVERSIBLE))
everywhere = pytest.mark.parametrize("where", ["before-call", "after-call"])


class Crash(Exception):
    """The function ends here."""


class Trial:
    """One fix under a plan that allows it, in the world that it repairs."""

    def __init__(self, name: str, world: World, aws: Session) -> None:
        """Break what the fix repairs."""
        self.fix: Fix = catalogue.fixes()[name]
        self.case, self.world, self.aws = CASES[name], world, aws
        self.calls: list[str] = []
        self.case.spoil(world)
        self.spoiled = self.look()

    def look(self) -> Any:
        """Look at what the fix changes."""
        return self.case.look(self.world)

    @contextmanager
    def watched(self, crash: str = "") -> Iterator[None]:
        """Count the calls that change anything; interrupt the function before or after one."""
        service = self.case.call.partition(".")[0]
        client: Any = self.aws.client(CLIENTS.get(service, service))  # type: ignore[call-overload]
        events = {f"{when}.{self.case.call}": when for when in ("before-call", "after-call")}
        handlers = {event: self._handler(when, crash) for event, when in events.items()}
        for event, handler in handlers.items():
            client.meta.events.register(event, handler)
        try:
            yield
        finally:
            for event, handler in handlers.items():
                client.meta.events.unregister(event, handler)

    def _handler(self, when: str, crash: str) -> Callable[..., None]:
        def handle(context: dict[str, Any], params: Any = None, **_: Any) -> None:
            if when == "before-call":
                context["ours"] = not self.case.only or self.case.only in str(params["body"])
            if not context["ours"]:
                return
            if when == crash:
                self.calls += [when] if when == "after-call" else []
                raise Crash
            self.calls += [when] if when == "after-call" else []

        return handle

    def interrupted(self, where: str, event: dict[str, Any] = ASKED) -> None:
        """Call the fix and interrupt it at its call to AWS."""
        with self.watched(where), pytest.raises(Crash):
            self.fix(event)
        if self.calls:
            self.case.settle(self.world)

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        """Call the fix as the state machine does."""
        with self.watched():
            return self.fix(event)


@pytest.fixture
def parts(operator: Session, service: Service, network: Network, target_group: str, systems: Systems) -> World:
    """The service's parts, and an empty incident table."""
    key: list[tuple[str, Any]] = [("incident", "HASH"), ("item", "RANGE")]
    operator.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": word, "KeyType": kind} for word, kind in key],
        AttributeDefinitions=[{"AttributeName": word, "AttributeType": "S"} for word, _ in key],
        BillingMode="PAY_PER_REQUEST",
    )
    return World(operator, service, network, target_group, Listener(operator, network, target_group), systems)


@pytest.fixture
def trial(environment: None, aws: Session, parts: World, name: str, monkeypatch: pytest.MonkeyPatch) -> Trial:  # noqa: ARG001
    """The fix by its name, and a plan of this one step that every guard lets pass."""
    trial = Trial(name, parts, aws)
    monkeypatch.setattr(trial.fix, "session", aws)
    plan = _plan(trial.fix, trial.case.given(parts))
    monkeypatch.setattr(guards, "approved", lambda *_: plan)
    Incidents(aws).create(ASKED["incident"], "record", {"state": "open"})
    return trial


def _plan(fix: Fix, parameters: dict[str, Any]) -> Plan:
    words = {"effect": "", "before": "", "after": "", "radius": "", "undo": None}
    step = Step.model_validate({"fix": fix.name, "parameters": parameters, "risk": fix.risk} | words)
    return Plan(account="", region="", service=SERVICE, runbook="", steps=[step])


def test_every_fix_is_among_these_tests() -> None:
    """But those that only start a command: tests/functions/core/test_fix.py interrupts such a one."""
    assert {name for name, fix in catalogue.fixes().items() if not fix.follow} == CASES.keys()


@every_fix
@everywhere
def test_an_interrupted_fix_is_completed_by_the_next_attempt_and_calls_once(trial: Trial, where: str) -> None:
    trial.interrupted(where)
    assert (trial.look() != trial.spoiled) == (where == "after-call")
    change = trial(RETRIED)
    assert trial.calls == ["after-call"]
    assert trial.look() != trial.spoiled
    assert change["before"] != change["after"]
    stored = Incidents(trial.aws).get(ASKED["incident"], "change#1#0") or {}
    assert {word: stored[word] for word in ("state", "attempt", *change)} == {"state": "done", "attempt": 1} | change


@every_fix
def test_a_fix_that_was_answered_calls_nothing_more(trial: Trial) -> None:
    assert trial(ASKED) == trial(ASKED) == trial(RETRIED)
    assert trial.calls == ["after-call"]


@every_reversible_fix
@everywhere
def test_an_interrupted_fix_is_taken_back_exactly(trial: Trial, where: str) -> None:
    trial.interrupted(where)
    assert trial(UNDO) == {"undone": True}
    assert trial.look() == trial.spoiled


@every_reversible_fix
@everywhere
def test_a_fix_that_was_completed_after_an_interruption_is_taken_back_exactly(trial: Trial, where: str) -> None:
    trial.interrupted(where)
    trial(RETRIED)
    assert trial(UNDO) == {"undone": True}
    assert trial.look() == trial.spoiled


@every_reversible_fix
def test_undone_twice_is_as_undone_once(trial: Trial) -> None:
    trial(ASKED)
    assert trial(UNDO) == trial(UNDO) == {"undone": True}
    assert trial.look() == trial.spoiled


@every_reversible_fix
def test_what_somebody_else_changed_after_the_fix_is_left_as_it_is(trial: Trial) -> None:
    trial(ASKED)
    trial.case.meddle(trial.world)
    now = trial.look()
    with pytest.raises(Interfered, match="somebody else has changed it meanwhile, so it is not touched"):
        trial(UNDO)
    assert trial.look() == now


@every_fix
def test_what_somebody_else_changed_after_an_interruption_is_not_changed(trial: Trial) -> None:
    trial.interrupted("before-call")
    trial.case.meddle(trial.world)
    now = trial.look()
    with pytest.raises(Interfered, match="somebody else has changed it meanwhile, so it is not touched"):
        trial(RETRIED)
    assert (trial.look(), trial.calls) == (now, [])


@every_reversible_fix
@everywhere
def test_what_somebody_else_changed_after_an_interruption_is_not_taken_back(trial: Trial, where: str) -> None:
    trial.interrupted(where)
    trial.case.meddle(trial.world)
    now = trial.look()
    for event in (RETRIED, UNDO):
        with pytest.raises(Interfered, match="somebody else has changed it meanwhile, so it is not touched"):
            trial(event)
    assert trial.look() == now


@every_irreversible_fix
def test_a_fix_without_an_undo_leaves_its_change(trial: Trial) -> None:
    trial(ASKED)
    now = trial.look()
    assert trial(UNDO) == {"undone": False}
    assert trial.look() == now
