from typing import Any

import pytest

from functions.checks.databases import handler
from functions.core import databases, reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import RunCheck
from tests.functions.databases import Rds

FINE = {"short-retention": False, "single-zone": False, "unencrypted": False, "public": False, "none": False}
PROD = "huntaze-prod"


@pytest.fixture
def rds(operator: Session) -> Rds:
    """RDS, without an instance."""
    return Rds(operator)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze", "retention": 7} | other)


def test_healthy(run_check: RunCheck, rds: Rds) -> None:
    rds.database(PROD)
    rds.database("huntaze-staging")
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 2, "ids": [PROD, "huntaze-staging"]}
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("signal", "field", "value"),
    [
        ("short-retention", "BackupRetentionPeriod", 6),
        ("single-zone", "MultiAZ", False),
        ("unencrypted", "StorageEncrypted", False),
        ("public", "PubliclyAccessible", True),
    ],
)
def test_one_is_wrong(run_check: RunCheck, rds: Rds, signal: str, field: str, *, value: bool) -> None:
    rds.database(PROD)
    rds.database("huntaze-staging", **{field: value})
    finding = look(run_check)
    assert finding.signals == FINE | {signal: True}
    assert finding.evidence == [f"huntaze-staging: {field} {value}"]


def test_all_that_is_wrong_with_one_is_a_line(run_check: RunCheck, rds: Rds) -> None:
    rds.database(PROD, BackupRetentionPeriod=1, MultiAZ=False)
    rds.database("huntaze-staging", MultiAZ=False)
    finding = look(run_check)
    assert finding.evidence == [f"{PROD}: BackupRetentionPeriod 1, MultiAZ False", "huntaze-staging: MultiAZ False"]
    assert finding.summary == (
        "databases: 2; backups kept for fewer than 7 days: 1; in one zone: 2; unencrypted: 0; public: 0"
    )


def test_encrypted_by_a_key_of_rds_itself(run_check: RunCheck, rds: Rds) -> None:
    made = rds.database(PROD, StorageEncrypted=False)
    made.storage_encryption_type = "none"
    assert look(run_check).signals["unencrypted"]
    made.storage_encryption_type = "sse-rds"
    assert look(run_check).signals["unencrypted"] is False


def test_the_backups_of_a_replica_are_those_of_its_source(run_check: RunCheck, rds: Rds) -> None:
    source = rds.database(PROD)
    rds.replica("huntaze-replica", PROD)
    assert look(run_check).signals == FINE
    source.backup_retention_period = 1
    finding = look(run_check, named="replica")
    assert finding.signals == FINE | {"short-retention": True}
    assert finding.evidence == [f"huntaze-replica: BackupRetentionPeriod 0, a replica of {PROD}"]


def test_a_replica_of_a_replica(run_check: RunCheck, rds: Rds) -> None:
    rds.database(PROD, BackupRetentionPeriod=1)
    between = rds.replica("huntaze-replica", PROD)
    rds.replica("huntaze-replica-2", "huntaze-replica").source_db_instance_identifier = "huntaze-replica"
    assert look(run_check, named="replica-2").signals["short-retention"]
    between.backup_retention_period = 7
    assert look(run_check, named="replica-2").signals == FINE


def test_a_replica_of_another_region_is_unknown_unless_it_has_its_own(run_check: RunCheck, rds: Rds) -> None:
    replica, source = rds.database(PROD), "arn:aws:rds:eu-west-1:123456789012:db:huntaze-prod"
    replica.source_db_instance_identifier = source
    assert look(run_check).signals == FINE
    replica.backup_retention_period = 0
    finding = look(run_check)
    assert finding.signals == FINE | {"short-retention": None}
    assert finding.evidence == [f"unknown: {PROD}: BackupRetentionPeriod 0, a replica of {source}"]


def test_what_only_the_cluster_tells_is_unknown(run_check: RunCheck, rds: Rds) -> None:
    rds.database(PROD, MultiAZ=False, PubliclyAccessible=True).db_cluster_identifier = "aurora"
    finding = look(run_check)
    assert finding.signals == FINE | {"short-retention": None, "single-zone": None, "public": True}
    assert finding.evidence == [
        f"{PROD}: PubliclyAccessible True",
        f"unknown: {PROD}: BackupRetentionPeriod 7, in the cluster aurora, MultiAZ False, in the cluster aurora",
    ]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no database in {REGION} whose name has huntaze in it"),
        ("", f"there is no database in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, operator: Session, named: str, said: str) -> None:
    Rds(operator, "us-east-1").database(PROD, MultiAZ=False)
    finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.facts == {"count": 0, "ids": []}
    assert finding.summary == said
    assert look(run_check, region="us-east-1").signals == FINE | {"single-zone": True}


def test_only_those_of_the_name_count(run_check: RunCheck, rds: Rds) -> None:
    rds.database("other", MultiAZ=False)
    assert look(run_check).signals == FINE | {"none": True}
    rds.database(PROD)
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"single-zone": True}


def test_every_page_is_read(run_check: RunCheck, rds: Rds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAGE", 20)
    for number in range(45):
        rds.database(f"huntaze-{number:02}", MultiAZ=number != 44)
    finding = look(run_check)
    assert finding.signals == FINE | {"single-zone": True}
    assert finding.facts["count"] == 45


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, rds: Rds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "PAGE", 20)
    monkeypatch.setattr(reading, "SECONDS", 0)
    for number in range(21):
        rds.database(f"huntaze-{number:02}", MultiAZ=number != 3)
    finding = look(run_check)
    assert finding.signals == dict.fromkeys(FINE) | {"single-zone": True, "none": False}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named="-20").signals == dict.fromkeys(FINE)


@pytest.mark.parametrize("wrong", [{"retention": 0}, {"retention": 36}, {"region": "huntaze"}])
def test_thresholds_have_bounds(run_check: RunCheck, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        look(run_check, **wrong)
