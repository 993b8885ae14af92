from typing import Any

import pytest

from functions.checks.redis_nodes import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import RunCheck
from tests.functions.redis import Redis

NODE = "huntaze-trial"
FINE, WRONG = {"alone": False, "none": True}, {"alone": True, "none": False}


@pytest.fixture
def cache(operator: Session) -> Redis:
    """ElastiCache, with a group."""
    cache = Redis(operator)
    cache.group("huntaze-redis")
    return cache


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


@pytest.mark.usefixtures("cache")
def test_healthy(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert (finding.signals, finding.facts, finding.evidence) == (FINE, {"count": 0, "ids": []}, [])
    assert finding.summary == "Redis nodes in no replication group: 0"


@pytest.mark.parametrize(("named", "engine"), [("huntaze", "redis"), ("", "valkey")])
def test_a_node_alone(run_check: RunCheck, cache: Redis, named: str, engine: str) -> None:
    cache.node(NODE, Engine=engine)
    finding = look(run_check, named=named)
    assert (finding.signals, finding.facts) == (WRONG, {"count": 1, "ids": [NODE]})
    assert finding.evidence == [f"{NODE}: {engine} on cache.t4g.micro"]
    assert finding.summary == "Redis nodes in no replication group: 1"


def test_a_node_of_a_group_is_not_alone(run_check: RunCheck, cache: Redis) -> None:
    cache.node(NODE).replication_group_id = "huntaze-redis"
    assert look(run_check).signals == FINE


def test_what_may_be_lost_does_not_count(run_check: RunCheck, cache: Redis) -> None:
    cache.node(NODE, Engine="memcached")
    assert look(run_check).signals == FINE


@pytest.mark.parametrize(("status", "signals"), [("deleting", FINE), ("restore-failed", WRONG)])
def test_what_is_going_away_does_not_count(
    run_check: RunCheck, cache: Redis, status: str, signals: dict[str, bool]
) -> None:
    cache.node(NODE).cache_cluster_status = status
    assert look(run_check).signals == signals


def test_others_do_not_count(run_check: RunCheck, cache: Redis) -> None:
    cache.node("shop")
    assert look(run_check).signals == FINE


def test_in_its_own_region_only(run_check: RunCheck, cache: Redis) -> None:
    cache.node(NODE)
    assert look(run_check, region="eu-west-3").signals == FINE


def test_of_more_than_can_be_read_one_is_enough(
    run_check: RunCheck, cache: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    for number in range(101):
        cache.node(f"shop-{number:03}")
    finding = look(run_check)
    assert finding.signals == {"alone": None, "none": None}
    assert finding.summary == "Redis nodes in no replication group: 0; there is more than could be read"
    cache.backend.cache_clusters["shop-000"].cache_cluster_id = NODE
    assert look(run_check).signals == WRONG
