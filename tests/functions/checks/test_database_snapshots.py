from datetime import timedelta
from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from functions.checks.database_snapshots import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import RunCheck
from tests.functions.databases import Rds

FINE = {"too-old": False, "no-manual": False, "none": False}
PROD = "huntaze-prod"


@pytest.fixture
def rds(operator: Session) -> Rds:
    """RDS, with an instance that has a snapshot of today."""
    rds = Rds(operator)
    rds.database(PROD)
    rds.snapshot(PROD)
    return rds


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze", "days": 2} | other)


def test_healthy(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-staging")
    rds.snapshot("huntaze-staging", days=30)
    rds.snapshot("huntaze-staging", days=1.9, kind="automated")
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 2, "ids": [PROD, "huntaze-staging"]}
    assert finding.evidence == []


def test_the_newest_is_too_old(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-staging")
    rds.snapshot("huntaze-staging", days=30, kind="automated")
    newest = rds.snapshot("huntaze-staging", days=2.1)
    rds.snapshot("huntaze-staging", days=40)
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": True}
    at = f"{newest.original_snapshot_create_time:%Y-%m-%d %H:%M}"
    assert finding.evidence == [f"huntaze-staging: newest snapshot of {at}"]
    assert finding.summary == "databases: 2; without a snapshot of the last 2 days: 1; without a manual one: 0"
    assert look(run_check, days=3).signals == FINE


def test_a_database_without_any(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-staging")
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": True, "no-manual": True}
    assert finding.evidence == ["huntaze-staging: no snapshot, no manual snapshot"]


@pytest.mark.parametrize("kind", ["automated", "awsbackup"])
def test_what_was_not_made_by_hand(run_check: RunCheck, rds: Rds, kind: str) -> None:
    rds.database("huntaze-staging")
    rds.snapshot("huntaze-staging", kind=kind)
    finding = look(run_check)
    assert finding.signals == FINE | {"no-manual": True}
    assert finding.evidence == ["huntaze-staging: no manual snapshot"]


@pytest.mark.parametrize("status", ["creating", "failed"])
def test_one_that_cannot_be_restored_is_none(run_check: RunCheck, rds: Rds, status: str) -> None:
    rds.database("huntaze-staging")
    rds.snapshot("huntaze-staging").status = status
    assert look(run_check).signals == FINE | {"too-old": True, "no-manual": True}


def test_a_copy_is_as_old_as_what_it_copies(run_check: RunCheck, operator: Session) -> None:
    rds = Rds(operator)
    rds.database(PROD)
    old = rds.snapshot(PROD, days=30)
    made = rds.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=old.db_snapshot_identifier, TargetDBSnapshotIdentifier="huntaze-copy"
    )["DBSnapshot"]
    assert made["SnapshotCreateTime"] - made["OriginalSnapshotCreateTime"] > timedelta(days=29)
    assert look(run_check).signals == FINE | {"too-old": True}


def test_what_is_left_of_an_earlier_database_of_the_name(run_check: RunCheck, rds: Rds) -> None:
    rds.rds.delete_db_instance(DBInstanceIdentifier=PROD, SkipFinalSnapshot=True)
    rds.database(PROD)
    assert look(run_check).signals == FINE | {"too-old": True, "no-manual": True}


def test_the_snapshots_of_a_replica_are_those_of_its_source(run_check: RunCheck, rds: Rds) -> None:
    rds.replica("huntaze-replica", PROD)
    assert look(run_check).signals == FINE
    far = "arn:aws:rds:eu-west-1:123456789012:db:huntaze"
    rds.replica("huntaze-far", PROD).source_db_instance_identifier = far
    finding = look(run_check)
    assert finding.signals == {"too-old": None, "no-manual": None, "none": False}
    assert finding.evidence == [f"unknown: huntaze-far: no snapshot, a replica of {far}, no manual snapshot"]
    rds.snapshot("huntaze-far")
    assert look(run_check).signals == FINE


def test_those_of_a_cluster_are_not_listed_here(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-aurora").db_cluster_identifier = "aurora"
    assert look(run_check).signals == {"too-old": None, "no-manual": None, "none": False}


def test_a_time_that_is_not_told_is_unknown(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-staging")
    rds.snapshot("huntaze-staging").original_snapshot_create_time = None
    finding = look(run_check)
    assert finding.signals == FINE | {"too-old": None}
    assert finding.evidence == ["unknown: huntaze-staging: a snapshot of an unknown time"]


def test_none(run_check: RunCheck, rds: Rds, operator: Session) -> None:
    rds.database("other")
    other = Rds(operator, "us-east-1")
    other.database("huntaze-useast")
    assert look(run_check, named="east").signals == FINE | {"none": True}
    assert look(run_check, named="east").summary == f"there is no database in {REGION} whose name has east in it"
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"too-old": True, "no-manual": True}
    assert look(run_check, region="us-east-1").signals == FINE | {"too-old": True, "no-manual": True}
    other.snapshot("huntaze-useast")
    assert look(run_check, region="us-east-1").signals == FINE


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let RDS give pages of snapshots as it does of instances, of twenty each."""
    whole = RDSResponse.describe_db_snapshots

    def cut(self: RDSResponse) -> ActionResult:
        start = int(self.params.get("Marker") or 0)
        found, end = whole(self).result["DBSnapshots"], start + 20  # type: ignore[index]
        return ActionResult({"DBSnapshots": found[start:end], "Marker": str(end) if len(found) > end else None})

    monkeypatch.setattr(RDSResponse, "describe_db_snapshots", cut)


@pytest.mark.usefixtures("pages")
def test_every_page_is_read(run_check: RunCheck, rds: Rds) -> None:
    rds.database("huntaze-staging")
    for _ in range(45):
        rds.snapshot("huntaze-staging", days=30)
    rds.snapshot("huntaze-staging")
    assert look(run_check).signals == FINE


@pytest.mark.usefixtures("pages")
def test_what_could_not_be_read_may_be_recent(run_check: RunCheck, rds: Rds, monkeypatch: pytest.MonkeyPatch) -> None:
    rds.database("huntaze-staging")
    monkeypatch.setattr(reading, "SECONDS", 0)
    for _ in range(20):
        rds.snapshot(PROD)
    finding = look(run_check)
    assert finding.signals == {"too-old": None, "no-manual": None, "none": False}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named=PROD).signals == FINE


@pytest.mark.parametrize("days", [0, 366])
def test_thresholds_have_bounds(run_check: RunCheck, rds: Rds, days: int) -> None:  # noqa: ARG001
    with pytest.raises(ValueError, match="days"):
        look(run_check, days=days)
