from typing import Any

import pytest
from moto.elbv2 import elbv2_backends

from functions.checks.http_listeners import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT, Network, RunCheck
from tests.functions.paging import paged

FINE = {"no-https": False, "no-redirect": False, "single-zone": False, "none": False}
REDIRECT: Any = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}
SAME: Any = {"Type": "redirect", "RedirectConfig": {"Protocol": "#{protocol}", "Host": "x", "StatusCode": "HTTP_301"}}
CLOSED: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


class World:
    """Load balancers in two zones."""

    def __init__(self, operator: Session, network: Network, target_group: str) -> None:
        self.elb, self.forward = operator.client("elbv2"), {"Type": "forward", "TargetGroupArn": target_group}
        ec2, zones = operator.client("ec2"), {"me-central-1a": "10.0.2.0/24", "me-central-1b": "10.0.3.0/24"}
        made = [
            ec2.create_subnet(VpcId=network.vpc, CidrBlock=block, AvailabilityZone=zone)
            for zone, block in zones.items()
        ]
        self.subnets = [one["Subnet"]["SubnetId"] for one in made]

    def add(self, name: str, zones: int = 2, *, http: Any = REDIRECT, https: bool = True, **other: Any) -> None:
        """Add a load balancer that listens for HTTP, with a default action or not at all, and for HTTPS."""
        made = self.elb.create_load_balancer(Name=name, Subnets=self.subnets[:zones], **other)
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        if http:
            self.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[http])
        if https:
            self.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=443, DefaultActions=[CLOSED])
            listeners = elbv2_backends[ACCOUNT][REGION].load_balancers[arn].listeners
            list(listeners.values())[-1].protocol = "HTTPS"  # which needs a certificate otherwise


@pytest.fixture
def world(operator: Session, network: Network, target_group: str) -> World:
    """A network for load balancers."""
    return World(operator, network, target_group)


def look(run_check: RunCheck, named: str = "") -> Finding:
    return run_check(handler, region=REGION, named=named)


def test_healthy(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb")
    world.add("huntaze-tls-only", http=None)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "2 load balancers: 0 without HTTPS, 0 without redirect to it, 0 in one zone"
    assert finding.evidence == []


def test_http_alone(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb", http=world.forward, https=False)
    world.add("fine")
    finding = look(run_check)
    assert finding.signals == FINE | {"no-https": True, "no-redirect": True}
    assert finding.facts["no_https"] == finding.facts["no_redirect"] == ["huntaze-alb"]
    assert finding.evidence == ["huntaze-alb: listens on HTTP 80; zones: me-central-1a, me-central-1b"]


@pytest.mark.parametrize("action", [None, SAME, CLOSED])
def test_without_a_redirect_to_https(run_check: RunCheck, world: World, action: Any) -> None:
    world.add("huntaze-alb", http=action or world.forward)
    finding = look(run_check)
    assert finding.signals == FINE | {"no-redirect": True}
    assert finding.evidence == ["huntaze-alb: listens on HTTP 80, HTTPS 443; zones: me-central-1a, me-central-1b"]


def test_a_redirect_to_https_that_nobody_listens_for(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb", https=False)
    assert look(run_check).signals == FINE | {"no-https": True}


def test_a_single_zone(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb", zones=1, http=None, https=False)
    finding = look(run_check)
    assert finding.signals == FINE | {"single-zone": True}
    assert finding.facts["single_zone"] == ["huntaze-alb"]
    assert finding.evidence == ["huntaze-alb: listens on none; zones: me-central-1a"]


def test_none_of_the_kind(run_check: RunCheck, world: World) -> None:
    none = FINE | {"none": True}
    assert look(run_check).signals == none
    world.add("internal", zones=1, http=world.forward, https=False, Scheme="internal")
    world.add("network", zones=1, http=None, https=False, Type="network")
    assert look(run_check).signals == none


def test_a_word_of_its_name(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb")
    world.add("other", http=world.forward, https=False)
    assert look(run_check, "huntaze").signals == FINE
    assert look(run_check, "oth").signals["no-https"]
    assert look(run_check, "else").signals == FINE | {"none": True}


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-alb", http=world.forward, https=False)
    assert run_check(handler, region="us-east-2", named="").signals == FINE | {"none": True}


def test_every_page_is_read(run_check: RunCheck, world: World, aws: Session) -> None:
    for name in ("a", "b", "c"):
        world.add(name, http=world.forward)
    client = aws.client("elbv2", REGION)
    with paged(client, "DescribeLoadBalancers", 1) as balancers, paged(client, "DescribeListeners", 1) as listeners:
        finding = look(run_check)
    assert finding.facts["no_redirect"] == ["a", "b", "c"]
    assert finding.signals == FINE | {"no-redirect": True}
    assert (balancers, sorted(listeners)) == ([0, 1, 2], [0, 0, 0, 1, 1, 1])


def test_of_load_balancers_that_were_not_read_nothing_is_known(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        world.add(name, zones=1 if name == "b" else 2, http=world.forward if name == "b" else REDIRECT)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("elbv2", REGION), "DescribeLoadBalancers", 1):
        finding = look(run_check)
        assert finding.signals == dict.fromkeys(FINE) | {"none": False}
        assert look(run_check, "b").signals == dict.fromkeys(FINE)
    assert finding.summary.endswith("; there is more than could be read")


@pytest.mark.parametrize(
    ("http", "signals"),
    [
        (REDIRECT, {"no-https": None, "no-redirect": None}),
        (None, {"no-https": None, "no-redirect": True}),
    ],
)
def test_of_listeners_that_were_not_read_nothing_is_known(
    run_check: RunCheck,
    world: World,
    aws: Session,
    monkeypatch: pytest.MonkeyPatch,
    http: Any,
    signals: dict[str, bool | None],
) -> None:
    world.add("a", http=http or world.forward)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("elbv2", REGION), "DescribeListeners", 1):
        finding = look(run_check)
    assert finding.signals == FINE | signals
    assert finding.summary.endswith("; there is more than could be read")


def test_listeners_for_https_that_were_read_tell_though_others_were_not(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("a", http=None)
    arn = world.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    world.elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[REDIRECT])
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("elbv2", REGION), "DescribeListeners", 1):
        assert look(run_check).signals == FINE | {"no-redirect": None}
