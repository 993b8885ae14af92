from typing import Any

import pytest

from functions.checks.redis_groups import handler
from functions.core import reading, redis
from functions.core.aws import Session
from functions.core.judged import Verdict
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import RunCheck
from tests.functions.redis import Redis

FINE = {
    "no-failover": False,
    "single-zone": False,
    "unencrypted-at-rest": False,
    "unencrypted-in-transit": False,
    "none": False,
}
PROD = "huntaze-redis"


@pytest.fixture
def cache(operator: Session) -> Redis:
    """ElastiCache, without a group."""
    return Redis(operator)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


def test_healthy(run_check: RunCheck, cache: Redis) -> None:
    cache.group(PROD)
    cache.group("huntaze-queue")
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 2, "ids": [PROD, "huntaze-queue"]}
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("signal", "option", "shown"),
    [
        ("no-failover", "AutomaticFailoverEnabled", "AutomaticFailover disabled"),
        ("single-zone", "MultiAZEnabled", "MultiAZ disabled"),
        ("unencrypted-at-rest", "AtRestEncryptionEnabled", "AtRestEncryptionEnabled False"),
        ("unencrypted-in-transit", "TransitEncryptionEnabled", "TransitEncryptionEnabled False"),
    ],
)
def test_one_is_wrong(run_check: RunCheck, cache: Redis, signal: str, option: str, shown: str) -> None:
    cache.group(PROD)
    cache.group("huntaze-queue", **{option: False})
    finding = look(run_check)
    assert finding.signals == FINE | {signal: True}
    assert finding.evidence == [f"huntaze-queue: {shown}"]


def test_all_are_counted(run_check: RunCheck, cache: Redis) -> None:
    cache.group(PROD, MultiAZEnabled=False, TransitEncryptionEnabled=False)
    cache.group("huntaze-queue", MultiAZEnabled=False)
    assert look(run_check).summary == (
        "Redis groups: 2; without failover: 0; in one zone: 2; unencrypted at rest: 0; in transit: 1"
    )


@pytest.mark.parametrize("state", ["enabling", "disabling"])
def test_failover_on_its_way_is_not_there(run_check: RunCheck, cache: Redis, state: str) -> None:
    cache.group(PROD).automatic_failover = state
    finding = look(run_check)
    assert finding.signals == FINE | {"no-failover": True}
    assert finding.evidence == [f"{PROD}: AutomaticFailover {state}"]


def test_encrypted_though_nobody_enabled_it(run_check: RunCheck, cache: Redis) -> None:
    made = cache.group(PROD, AtRestEncryptionEnabled=False)
    made.storage_encryption_type = "none"
    assert look(run_check).signals["unencrypted-at-rest"]
    made.storage_encryption_type = "sse-elasticache"
    assert look(run_check).signals == FINE


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no Redis group in {REGION} whose name has huntaze in it"),
        ("", f"there is no Redis group in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, operator: Session, named: str, said: str) -> None:
    Redis(operator, "us-east-1").group(PROD, MultiAZEnabled=False)
    finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == said
    assert look(run_check, region="us-east-1").signals == FINE | {"single-zone": True}


def test_only_those_of_the_name_count(run_check: RunCheck, cache: Redis) -> None:
    cache.group("other", MultiAZEnabled=False)
    assert look(run_check).signals == FINE | {"none": True}
    cache.group(PROD)
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"single-zone": True}


def test_every_page_is_read(run_check: RunCheck, cache: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "PAGE", 20)
    for number in range(45):
        cache.group(f"huntaze-{number:02}", MultiAZEnabled=number != 44)
    finding = look(run_check)
    assert finding.signals == FINE | {"single-zone": True}
    assert finding.facts["count"] == 45


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, cache: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "PAGE", 20)
    monkeypatch.setattr(reading, "SECONDS", 0)
    for number in range(21):
        cache.group(f"huntaze-{number:02}", MultiAZEnabled=number != 3)
    finding = look(run_check)
    assert finding.signals == dict.fromkeys(FINE) | {"single-zone": True, "none": False}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named="-20").signals == dict.fromkeys(FINE)


@pytest.mark.parametrize(("mode", "signal"), [("preferred", None), ("required", False)])
def test_where_a_client_may_choose_nobody_knows(run_check: RunCheck, cache: Redis, mode: str, signal: Verdict) -> None:
    cache.group(PROD).transit_encryption_mode = mode
    finding = look(run_check)
    assert finding.signals == FINE | {"unencrypted-in-transit": signal}
    assert finding.evidence == ([f"unknown: {PROD}: TransitEncryptionEnabled True preferred"] if signal is None else [])
