from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ecs import ecs_backends

from functions.checks import ecs_clusters
from functions.checks.ecs_clusters import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import ACCOUNT, RunCheck
from tests.functions.paging import paged

FINE = {"inactive": False, "pending": False, "idle": False, "none": False}
COUNTS = {"active_services_count": 2, "running_tasks_count": 3, "pending_tasks_count": 0}
PROD = "huntaze-prod"
KNOWN = {
    "clusterName": PROD,
    "status": "ACTIVE",
    "pendingTasksCount": 0,
    "runningTasksCount": 1,
    "activeServicesCount": 1,
}


class World:
    """A region's clusters, with the counts that ECS would keep of what runs there."""

    def __init__(self, operator: Session) -> None:
        self.ecs = operator.client("ecs")

    def add(self, name: str, **other: Any) -> None:
        """Add a cluster at work, but for what is given."""
        self.ecs.create_cluster(clusterName=name)
        for field, value in (COUNTS | other).items():
            setattr(ecs_backends[ACCOUNT][REGION].clusters[name], field, value)


@pytest.fixture
def world(operator: Session) -> World:
    """ECS, without a cluster."""
    return World(operator)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


def _telling(arns: list[str], clusters: list[Answer]) -> Callable[[str, Answer], Answer]:
    return lambda operation, _: {"clusterArns": arns} if operation == "ListClusters" else {"clusters": clusters}


def test_healthy(run_check: RunCheck, world: World) -> None:
    world.add(PROD)
    world.add("huntaze-video", active_services_count=0, running_tasks_count=0)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "ECS clusters: 2; not active: 0; with tasks that wait: 0; that run none: 0"
    assert finding.facts == {"count": 2, "ids": [PROD, "huntaze-video"]}
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("signal", "wrong", "shown"),
    [
        ("inactive", {"status": "PROVISIONING"}, "status PROVISIONING"),
        ("inactive", {"status": "INACTIVE"}, "status INACTIVE"),
        ("pending", {"pending_tasks_count": 1}, "pendingTasksCount 1"),
        ("idle", {"running_tasks_count": 0}, "activeServicesCount 2, runningTasksCount 0"),
    ],
)
def test_one_is_wrong(run_check: RunCheck, world: World, signal: str, wrong: dict[str, Any], shown: str) -> None:
    world.add(PROD)
    world.add("huntaze-video", **wrong)
    finding = look(run_check)
    assert finding.signals == FINE | {signal: True}
    assert finding.evidence == [f"huntaze-video: {shown}"]


@pytest.mark.parametrize(
    ("told", "unknown"),
    [
        ({"status": None}, {"inactive"}),
        ({"pendingTasksCount": None}, {"pending"}),
        ({"runningTasksCount": None}, {"idle"}),
        ({"runningTasksCount": 0, "activeServicesCount": None}, {"idle"}),
        ({"runningTasksCount": None, "activeServicesCount": None}, {"idle"}),
        ({"runningTasksCount": None, "activeServicesCount": 0}, set()),  # without a service it need not run a task
        ({"runningTasksCount": 1, "activeServicesCount": None}, set()),  # and what runs one is not idle
    ],
)
def test_a_field_that_is_missing_is_unknown(run_check: RunCheck, aws: Session, told: Answer, unknown: set[str]) -> None:
    cluster = {name: value for name, value in (KNOWN | told).items() if value is not None}
    with answering(aws, "ecs", REGION, _telling([f"arn:of/{PROD}"], [cluster])):
        finding = look(run_check)
    assert finding.signals == FINE | dict.fromkeys(unknown)
    assert len(finding.evidence) == len(unknown)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no ECS cluster in {REGION} whose name has huntaze in it"),
        ("", f"there is no ECS cluster in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, world: World, named: str, said: str) -> None:
    if named:
        world.add("other", status="FAILED")
    finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == said


def test_only_those_of_the_name_count(run_check: RunCheck, world: World) -> None:
    world.add("other", status="FAILED")
    world.add("eu-huntaze")
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"inactive": True}
    assert look(run_check, named="cluster").signals == FINE | {"none": True}


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add(PROD, status="FAILED")
    assert look(run_check, region="us-east-2").signals == FINE | {"none": True}


def test_they_are_described_so_many_at_once(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = aws.client("ecs", REGION)
    told, sizes = client.describe_clusters, list[int]()

    def describe(clusters: list[str]) -> Any:
        sizes.append(len(clusters))
        return told(clusters=clusters)

    monkeypatch.setattr(client, "describe_clusters", describe)
    for number in range(201):
        world.add(f"huntaze-{number:03}", pending_tasks_count=number // 200)
    finding = look(run_check)
    assert finding.signals == FINE | {"pending": True}
    assert finding.facts["count"] == 201
    assert sorted(sizes) == [1, ecs_clusters.PAGE, ecs_clusters.PAGE]


def test_every_page_is_read(run_check: RunCheck, world: World, aws: Session) -> None:
    for name in ("a", "b", "c"):
        world.add(f"huntaze-{name}", pending_tasks_count=name == "c")
    with paged(aws.client("ecs", REGION), "ListClusters", 1) as begun:
        assert look(run_check).signals == FINE | {"pending": True}
    assert begun == [0, 1, 2]


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("huntaze-a", pending_tasks_count=1)
    world.add("huntaze-b")
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("ecs", REGION), "ListClusters", 1):
        finding = look(run_check)
        assert look(run_check, named="-b").signals == dict.fromkeys(FINE)
    assert finding.signals == {"inactive": None, "pending": True, "idle": None, "none": False}
    assert finding.summary.endswith("; there is more than could be read")


def test_one_that_ecs_does_not_describe_is_unknown(run_check: RunCheck, aws: Session) -> None:
    with answering(aws, "ecs", REGION, _telling([f"arn:of/{PROD}", f"arn:of/{PROD}-gone"], [KNOWN])):
        finding = look(run_check)
    assert finding.signals == dict.fromkeys(FINE) | {"none": False}
    assert finding.summary.endswith("; there is more than could be read")


@pytest.mark.parametrize("denied", ["ListClusters", "DescribeClusters"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, aws: Session, denied: str) -> None:
    def told(operation: str, _: Answer) -> Answer:
        refused = {"Error": {"Code": "AccessDeniedException", "Message": f"not authorized to perform: ecs:{operation}"}}
        return refused if operation == denied else {"clusterArns": [f"arn:of/{PROD}"]}

    with answering(aws, "ecs", REGION, told), pytest.raises(ClientError, match=f"AccessDenied.* {denied}"):
        look(run_check)
