from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.elasticache.responses import ElastiCacheResponse

from functions.checks.redis_snapshots import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import RunCheck
from tests.functions.redis import Redis

FINE = {"too-old": False, "none": False}
PROD = "huntaze-redis"


@pytest.fixture
def cache(operator: Session) -> Redis:
    """ElastiCache, with a group that has a snapshot of today."""
    cache = Redis(operator)
    cache.group(PROD)
    cache.snapshot(PROD)
    return cache


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze", "days": 2} | other)


def test_healthy(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue", 30)
    cache.snapshot("huntaze-queue", 1.9)
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 2, "ids": [PROD, "huntaze-queue"]}
    assert finding.evidence == []


def test_the_newest_is_too_old(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue", 30)
    newest = cache.snapshot("huntaze-queue", 2.1)
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": True}
    at = f"{newest.node_snapshots[0]['SnapshotCreateTime']:%Y-%m-%d %H:%M}"
    assert finding.evidence == [f"huntaze-queue: newest snapshot of {at}"]
    assert finding.summary == "Redis groups: 2; without a snapshot of the last 2 days: 1"
    assert look(run_check, days=3).signals == FINE


def test_a_group_without_any(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": True}
    assert finding.evidence == ["huntaze-queue: no snapshot"]


@pytest.mark.parametrize("status", ["creating", "deleting"])
def test_one_that_cannot_be_restored_is_none(run_check: RunCheck, cache: Redis, status: str) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue").snapshot_status = status
    assert look(run_check).signals == FINE | {"too-old": True}


def test_of_a_single_shard_a_node_is_what_was_taken(run_check: RunCheck, cache: Redis) -> None:
    """AWS names only the node then."""
    group = cache.group("huntaze-queue")
    taken = cache.snapshot("huntaze-queue")
    group.member_clusters = ["huntaze-queue-001", "huntaze-queue-002"]
    taken.replication_group_id, taken.cache_cluster_id = None, "huntaze-queue-002"
    assert look(run_check).signals == FINE
    taken.cache_cluster_id = "other-001"
    assert look(run_check).signals == FINE | {"too-old": True}


def test_several_shards_are_as_old_as_the_oldest(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue", 1, 9)
    assert look(run_check).signals == FINE | {"too-old": True}


@pytest.mark.parametrize("days", [(None,), (1, None)])
def test_a_time_that_is_not_told_is_unknown(run_check: RunCheck, cache: Redis, days: tuple[float | None]) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue", *days)
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": None}
    assert finding.evidence == ["unknown: huntaze-queue: a snapshot of an unknown time"]


def test_nodes_that_are_not_told_leave_it_unknown(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    cache.snapshot("huntaze-queue").node_snapshots = []
    assert look(run_check).signals == FINE | {"too-old": None}


def test_none(run_check: RunCheck, cache: Redis, operator: Session) -> None:
    cache.group("other")
    other = Redis(operator, "us-east-1")
    other.group("huntaze-east")
    finding = look(run_check, named="east")
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == f"there is no Redis group in {REGION} whose name has east in it"
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"too-old": True}
    assert look(run_check, region="us-east-1").signals == FINE | {"too-old": True}
    other.snapshot("huntaze-east")
    assert look(run_check, region="us-east-1").signals == FINE


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ElastiCache give pages of snapshots as it does of groups, of twenty each."""
    whole = ElastiCacheResponse.describe_snapshots

    def cut(self: ElastiCacheResponse) -> ActionResult:
        start = int(self._get_param("Marker") or 0)
        found, end = whole(self).result["Snapshots"], start + 20  # type: ignore[index]
        return ActionResult({"Snapshots": found[start:end], "Marker": str(end) if len(found) > end else None})

    monkeypatch.setattr(ElastiCacheResponse, "describe_snapshots", cut)


@pytest.mark.usefixtures("pages")
def test_every_page_is_read(run_check: RunCheck, cache: Redis) -> None:
    cache.group("huntaze-queue")
    for _ in range(45):
        cache.snapshot("huntaze-queue", 30)
    cache.snapshot("huntaze-queue")
    assert look(run_check).signals == FINE


@pytest.mark.usefixtures("pages")
def test_what_could_not_be_read_may_be_recent(
    run_check: RunCheck, cache: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.group("huntaze-queue")
    monkeypatch.setattr(reading, "SECONDS", 0)
    for _ in range(20):
        cache.snapshot(PROD)
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": None}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named=PROD).signals == FINE


@pytest.mark.parametrize("days", [0, 366])
def test_thresholds_have_bounds(run_check: RunCheck, days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        look(run_check, days=days)
