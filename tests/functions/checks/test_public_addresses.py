from typing import Any

import pytest
from moto.ecs import ecs_backends

from functions.checks.public_addresses import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT, Network, RunCheck
from tests.functions.paging import paged

NONE = {"public-ip": False, "none": True}
PRIVATE = {"public-ip": False, "none": False}
PUBLIC = {"public-ip": True, "none": False}
UNKNOWN = {"public-ip": None, "none": None}


class World:
    """Clusters and services, of a task that stays as it is."""

    def __init__(self, operator: Session, network: Network) -> None:
        self.ecs, self.subnet = operator.client("ecs"), network.subnet
        container: Any = {"name": "app", "image": "app", "memory": 128}
        self.ecs.register_task_definition(family="app", networkMode="awsvpc", containerDefinitions=[container])

    def add(self, cluster: str, service: str, public: str | None = "DISABLED") -> Any:
        """Add a service, without a network configuration where `public` is None; return it as moto keeps it."""
        self.ecs.create_cluster(clusterName=cluster)
        network: Any = {"subnets": [self.subnet], "securityGroups": [], "assignPublicIp": public}
        given: Any = {"networkConfiguration": {"awsvpcConfiguration": network}} if public else {}
        self.ecs.create_service(cluster=cluster, serviceName=service, taskDefinition="app", desiredCount=0, **given)
        return ecs_backends[ACCOUNT][REGION].services[f"{cluster}:{service}"]


@pytest.fixture
def world(operator: Session, network: Network) -> World:
    """An account without any service."""
    return World(operator, network)


def look(run_check: RunCheck, named: str = "") -> Finding:
    return run_check(handler, region=REGION, named=named)


def test_private_addresses_only(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-prod", "app")
    world.add("huntaze-prod", "host-mode", None)
    finding = look(run_check)
    assert finding.signals == PRIVATE
    assert finding.summary == "2 ECS services: 0 give their tasks public addresses"
    assert finding.evidence == []


def test_one_public_among_private(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-prod", "app")
    world.add("ai-router", "api", "ENABLED")
    finding = look(run_check)
    assert finding.signals == PUBLIC
    assert finding.facts == {"services": 2, "public": ["ai-router/api"]}
    assert finding.evidence == ["ai-router/api: assignPublicIp ENABLED"]


def test_a_task_set_has_a_network_of_its_own(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-prod", "app", None).task_sets = [
        {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "ENABLED"}}}
    ]
    assert look(run_check).signals == PUBLIC


def test_no_service_at_all(run_check: RunCheck, world: World) -> None:
    assert look(run_check).signals == NONE
    world.ecs.create_cluster(clusterName="empty")
    assert look(run_check).signals == NONE


@pytest.mark.parametrize(
    ("named", "signals", "count"),
    [("huntaze", PUBLIC, 2), ("prod", PRIVATE, 1), ("video", PUBLIC, 1), ("else", NONE, 0), ("", PUBLIC, 3)],
)
def test_a_word_of_the_service_or_its_cluster(
    run_check: RunCheck, world: World, named: str, signals: dict[str, bool], count: int
) -> None:
    world.add("huntaze-prod", "app")
    world.add("default", "huntaze-video", "ENABLED")
    world.add("default", "other", "ENABLED")
    finding = look(run_check, named)
    assert (finding.signals, finding.facts["services"]) == (signals, count)


def test_an_old_arn_does_not_tell_the_cluster(
    run_check: RunCheck, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = world.add("huntaze-prod", "app", "ENABLED")
    monkeypatch.setattr(type(service), "arn", f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/app")
    monkeypatch.setattr(type(service), "service_arn", service.arn, raising=False)
    assert look(run_check, "huntaze").facts["public"] == ["huntaze-prod/app"]


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add("huntaze-prod", "app", "ENABLED")
    assert run_check(handler, region="us-east-2", named="").signals == NONE


def test_services_are_described_ten_at_a_time(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = aws.client("ecs", REGION)
    told, sizes = client.describe_services, list[int]()

    def describe(cluster: str, services: list[str]) -> Any:
        sizes.append(len(services))
        return told(cluster=cluster, services=services)

    monkeypatch.setattr(client, "describe_services", describe)
    for number in range(23):
        world.add("huntaze-prod", f"app-{number:02}", "ENABLED" if number == 22 else "DISABLED")
    world.add("huntaze-staging", "app", "ENABLED")
    finding = look(run_check)
    assert finding.facts == {"services": 24, "public": ["huntaze-prod/app-22", "huntaze-staging/app"]}
    assert sorted(sizes) == [1, 3, 10, 10]


def test_every_page_is_read(run_check: RunCheck, world: World, aws: Session) -> None:
    for cluster in ("a", "b"):
        for service in ("x", "y", "z"):
            world.add(cluster, service, "ENABLED")
    client = aws.client("ecs", REGION)
    with paged(client, "ListClusters", 1) as clusters, paged(client, "ListServices", 1) as services:
        assert look(run_check).facts["services"] == 6
    assert (clusters, sorted(services)) == ([0, 1], [0, 0, 1, 1, 2, 2])


@pytest.mark.parametrize(("operation", "left"), [("ListClusters", 1), ("ListServices", 1), ("ListServices", 2)])
def test_of_a_list_that_was_cut_nothing_is_known_to_be_fine(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch, operation: str, left: int
) -> None:
    world.add("a", "app")
    world.add("a" if operation == "ListServices" else "b", "other", "ENABLED")
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("ecs", REGION), operation, 1):
        finding = look(run_check, "else" if left == 2 else "")
    assert finding.signals == (UNKNOWN if left == 2 else {"public-ip": None, "none": False})
    assert finding.summary.endswith("; there is more than could be read")


def test_a_service_that_ecs_does_not_describe_is_unknown(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("huntaze-prod", "app")
    world.add("huntaze-prod", "gone")
    client: Any = aws.client("ecs", REGION)
    told = client.describe_services
    monkeypatch.setattr(
        client, "describe_services", lambda cluster, services: told(cluster=cluster, services=services[:1])
    )
    assert look(run_check).signals == {"public-ip": None, "none": False}
