"""Snapshots of databases and caches: how old the newest one is of what they were taken of."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from functions.core.aws import Session
from functions.core.judged import Verdict
from functions.core.language import say
from functions.core.listed import Listed, listed

PAGE = 100
CACHES_PAGE = 50
KINDS = ("manual", "automated", "awsbackup")  # RDS lists those of AWS Backup only where they are asked for


class Snapshot(NamedTuple):
    """A snapshot that could be restored: of what, when (None: not told), and whether a person made it."""

    of: str
    at: datetime | None
    manual: bool = False


def recent(read: Listed[Snapshot], of: Iterable[str], days: int) -> Verdict:
    """Say whether one of some resources' snapshots is no older than so many days."""
    since = datetime.now(UTC) - timedelta(days=days)
    times = [one.at for one in read.found if one.of in of]
    if any(at is not None and at >= since for at in times):
        return True
    return False if read.whole and None not in times else None


def newest(read: Listed[Snapshot], of: Iterable[str]) -> str:
    """Tell of when the newest snapshot is."""
    times = [one.at for one in read.found if one.of in of]
    known = [at for at in times if at]
    if known:
        return say("newest snapshot of {at}", at=f"{max(known):%Y-%m-%d %H:%M}")
    return say("a snapshot of an unknown time") if times else say("no snapshot")


def of_databases(aws: Session, region: str, share: int = 1) -> Listed[Snapshot]:
    """Read the snapshots of a region's RDS instances, those made by hand first; a copy is as old as what it copies."""
    pages = aws.client("rds", region).get_paginator("describe_db_snapshots").paginate
    return listed(
        chain.from_iterable(pages(SnapshotType=kind, PaginationConfig={"PageSize": PAGE}) for kind in KINDS),
        lambda page: [
            Snapshot(source(one), one.get("OriginalSnapshotCreateTime"), manual=one["SnapshotType"] == "manual")
            for one in page["DBSnapshots"]
            if one["Status"] == "available"
        ],
        share,
    )


def source(one: Any) -> str:
    """Name the instance of a snapshot, or itself, so that what is left of an earlier one of its name is not its own."""
    return str(one["DbiResourceId"])


def of_groups(aws: Session, region: str, share: int = 1) -> Listed[Snapshot]:
    """Read the snapshots of a region's caches; one of several shards is as old as the oldest of them."""
    pages = aws.client("elasticache", region).get_paginator("describe_snapshots")
    return listed(
        pages.paginate(PaginationConfig={"PageSize": CACHES_PAGE}),
        lambda page: [
            Snapshot(one.get("ReplicationGroupId") or one.get("CacheClusterId", ""), _oldest(one))
            for one in page["Snapshots"]
            if one["SnapshotStatus"] == "available"
        ],
        share,
    )


def _oldest(one: Any) -> datetime | None:
    times = [node.get("SnapshotCreateTime") for node in one.get("NodeSnapshots", [])]
    return None if not times or None in times else min(times)


def sources(group: Any) -> list[str]:
    """Name what a group's snapshots are of: itself, or one of its nodes where it has a single shard."""
    return [group["ReplicationGroupId"], *group.get("MemberClusters", [])]
