"""Is there a recent snapshot of each Redis group?"""

from typing import Any

from pydantic import Field

from functions.core import redis, snapshots
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, judged
from functions.core.language import marked
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

SHARE = 2  # of the time, for the groups and for their snapshots
TOLD = marked("Redis groups: {count}; without a snapshot of the last {days} days: {too-old}")


class RedisSnapshots(Named):
    """A region, a word in the names of its replication groups, and how many days old their newest snapshot may be."""

    days: int = Field(ge=1, le=365)


@check(
    allow("elasticache:DescribeReplicationGroups", on=redis.ANY),
    allow("elasticache:DescribeSnapshots", on="arn:aws:elasticache:*:{account}:snapshot:*"),
    signals={
        "too-old": "The newest snapshot of a Redis group is older than asked for, or there is none",
        "none": "There is no Redis group here whose name has the word",
    },
)
def handler(parameters: RedisSnapshots, aws: Session) -> Finding:
    """Has each Redis group a recent snapshot? Source: Huntaze, 3 "Backups"; 5, ElastiCache."""
    found = redis.groups(aws, parameters.region, parameters.named, SHARE)
    taken = snapshots.of_groups(aws, parameters.region, SHARE)

    def too_old(group: Any) -> bool | None:
        recent = snapshots.recent(taken, snapshots.sources(group), parameters.days)
        return None if recent is None else not recent

    rules = {"too-old": Rule(too_old, lambda group: snapshots.newest(taken, snapshots.sources(group)))}
    nothing = redis.nothing(parameters.region, parameters.named)
    return judged(found, redis.ID, rules).finding(TOLD, nothing, found, taken, days=parameters.days)
