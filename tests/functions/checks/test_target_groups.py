from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from functions.checks.target_groups import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.judged import Verdict
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import ACCOUNT, Network, RunCheck
from tests.functions.paging import paged

State = tuple[str, str | None]
HEALTHY: State = ("healthy", None)
SLOW: State = ("unhealthy", "Target.Timeout")
ENDING: State = ("unhealthy.draining", "Target.FailedHealthChecks")
LEAVING: State = ("draining", "Target.DeregistrationInProgress")
NEW: State = ("initial", "Elb.RegistrationInProgress")
UNUSED: State = ("unused", "Target.NotInUse")
LOST: State = ("unavailable", "Elb.InternalError")
FINE = {"unhealthy": False, "empty": False, "none": False}


class World:
    """Target groups, whose targets are in the states that tests want."""

    def __init__(self, operator: Session, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
        self.elb, self.vpc = operator.client("elbv2"), network.vpc
        self.states: dict[str, State] = {}

        def health(_: FakeTargetGroup, target: dict[str, Any], _ec2: object) -> FakeHealthStatus:
            return FakeHealthStatus(target["Id"], "8000", "8000", *self.states[target["Id"]], None)

        monkeypatch.setattr(FakeTargetGroup, "health_for", health)

    def attach(self, name: str) -> None:
        """Let a load balancer send to a group."""
        (group,) = self.elb.describe_target_groups(Names=[name])["TargetGroups"]
        kept = elbv2_backends[ACCOUNT][REGION].target_groups[group["TargetGroupArn"]]
        kept.load_balancer_arns.append(f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/huntaze/1")

    def add(self, name: str, *states: State, protocol: str = "HTTP", path: str = "/api/health") -> None:
        """Add a group with a target in each of these states."""
        asked: Any = {"Protocol": protocol, "Port": 3000, "VpcId": self.vpc, "TargetType": "ip"}
        asked |= {"HealthCheckPath": path} if path else {}
        arn = self.elb.create_target_group(Name=name, **asked)["TargetGroups"][0]["TargetGroupArn"]
        for state in states:
            address = f"10.0.0.{len(self.states)}"
            self.states[address] = state
            self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": address, "Port": 8000}])


@pytest.fixture
def world(operator: Session, network: Network, monkeypatch: pytest.MonkeyPatch) -> World:
    """A network for target groups."""
    return World(operator, network, monkeypatch)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


def test_healthy(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-app", HEALTHY, HEALTHY)
    world.add("huntaze-router", HEALTHY, LEAVING)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "target groups: 2; with unhealthy targets: 0; without a target: 0"
    assert finding.evidence == []


@pytest.mark.parametrize("state", [SLOW, ENDING])
def test_one_is_unhealthy(run_check: RunCheck, world: World, state: State) -> None:
    world.add("huntaze-app", HEALTHY, NEW, state)
    world.add("huntaze-router", HEALTHY)
    finding = look(run_check)
    assert finding.signals == FINE | {"unhealthy": True}
    bad = f"10.0.0.2:8000 {state[0]} {state[1]}, 10.0.0.1:8000 initial Elb.RegistrationInProgress"
    assert finding.evidence == [f"huntaze-app: ip HTTP 3000 /api/health: {bad}"]
    assert finding.summary == "target groups: 2; with unhealthy targets: 1; without a target: 0"


@pytest.mark.parametrize("states", [[], [LEAVING]])
def test_one_is_empty(run_check: RunCheck, world: World, states: list[State]) -> None:
    world.add("huntaze-app", HEALTHY)
    world.add("huntaze-db", *states, protocol="TCP", path="")
    finding = look(run_check)
    assert finding.signals == FINE | {"empty": True}
    assert finding.evidence == ["huntaze-db: ip TCP 3000: no target registered"]


@pytest.mark.parametrize(("states", "unhealthy"), [([], None), ([LEAVING], None), ([HEALTHY], False)])
def test_one_that_a_load_balancer_sends_to_has_to_have_a_target(
    run_check: RunCheck, world: World, states: list[State], unhealthy: Verdict
) -> None:
    world.add("huntaze-app", *states)
    world.attach("huntaze-app")
    finding = look(run_check)
    assert finding.signals == FINE | {"unhealthy": unhealthy, "empty": unhealthy is None}


@pytest.mark.parametrize("state", [NEW, UNUSED, LOST])
def test_what_the_load_balancer_does_not_know_is_unknown(run_check: RunCheck, world: World, state: State) -> None:
    world.add("huntaze-app", HEALTHY, state)
    finding = look(run_check)
    assert finding.signals == FINE | {"unhealthy": None}
    assert finding.evidence == [f"unknown: huntaze-app: ip HTTP 3000 /api/health: 10.0.0.1:8000 {state[0]} {state[1]}"]


@pytest.mark.parametrize("health", [{}, {"TargetHealth": {}}])
def test_a_state_that_is_missing_is_unknown(run_check: RunCheck, aws: Session, health: Answer) -> None:
    group = {"TargetGroupName": "huntaze-lambda", "TargetGroupArn": "arn:of:the:group", "TargetType": "lambda"}
    target = {"Target": {"Id": "arn:of:the:function"}} | health

    def told(operation: str, asked: Answer) -> Answer:
        if operation == "DescribeTargetGroups":
            return {"TargetGroups": [group]}
        return {"TargetHealthDescriptions": [target] if asked["TargetGroupArn"] == "arn:of:the:group" else []}

    with answering(aws, "elbv2", REGION, told):
        finding = look(run_check)
    assert finding.signals == FINE | {"unhealthy": None}
    assert finding.evidence == ["unknown: huntaze-lambda: lambda: arn:of:the:function unknown"]


def test_many_targets_take_little_room(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-app", *[SLOW] * 50)
    [line] = look(run_check).evidence
    assert line.count("unhealthy") == 3
    assert line.endswith(", … 47 more")


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no target group in {REGION} whose name has huntaze in it"),
        ("", f"there is no target group in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, world: World, named: str, said: str) -> None:
    if named:
        world.add("other", SLOW)
    finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == said


def test_only_those_of_the_name_count(run_check: RunCheck, world: World) -> None:
    world.add("other", SLOW)
    world.add("eu-huntaze", HEALTHY)
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"unhealthy": True}


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-app", SLOW)
    assert look(run_check, region="us-east-2").signals == FINE | {"none": True}


def test_every_page_is_read(run_check: RunCheck, world: World, aws: Session) -> None:
    for name in ("a", "b", "c"):
        world.add(f"huntaze-{name}", SLOW if name == "c" else HEALTHY)
    with paged(aws.client("elbv2", REGION), "DescribeTargetGroups", 1) as begun:
        assert look(run_check).signals == FINE | {"unhealthy": True}
    assert begun == [0, 1, 2]


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("huntaze-a", SLOW)
    world.add("huntaze-b")
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("elbv2", REGION), "DescribeTargetGroups", 1):
        finding = look(run_check)
        assert look(run_check, named="-b").signals == dict.fromkeys(FINE)
    assert finding.signals == {"unhealthy": True, "empty": None, "none": False}
    assert finding.summary.endswith("; there is more than could be read")


def test_groups_that_there_was_no_time_to_ask_for_are_unknown(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("huntaze-a", HEALTHY)
    world.add("huntaze-b", HEALTHY)
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert look(run_check).signals == {"unhealthy": None, "empty": None, "none": False}


@pytest.mark.parametrize("denied", ["DescribeTargetGroups", "DescribeTargetHealth"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, aws: Session, denied: str) -> None:
    group = {"TargetGroupName": "huntaze-app", "TargetGroupArn": "arn:of:the:group"}

    def told(operation: str, _: Answer) -> Answer:
        refused = {"Error": {"Code": "AccessDenied", "Message": f"not authorized to perform: {operation}"}}
        return refused if operation == denied else {"TargetGroups": [group]}

    with answering(aws, "elbv2", REGION, told), pytest.raises(ClientError, match=f"AccessDenied.* {denied}"):
        look(run_check)
