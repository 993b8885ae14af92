"""Do Redis groups fail over by themselves, in two zones, and encrypt?"""

from typing import Any

from functions.core import redis
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, Verdict, field, judged
from functions.core.language import marked
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

AT_REST, IN_TRANSIT, MODE = "AtRestEncryptionEnabled", "TransitEncryptionEnabled", "TransitEncryptionMode"
TOLD = marked(
    "Redis groups: {count}; without failover: {no-failover}; in one zone: {single-zone}; "
    "unencrypted at rest: {unencrypted-at-rest}; in transit: {unencrypted-in-transit}"
)


class RedisGroups(Named):
    """A region, and a word in the names of its replication groups."""


def _plain(group: Any) -> Verdict:
    """Say whether its traffic is not encrypted; unknown where a client may choose."""
    return not group[IN_TRANSIT] or (None if group.get(MODE) == "preferred" else False)


def _open(group: Any) -> bool:
    """Say whether its data is not encrypted at rest, which AWS may do even where nobody enabled it."""
    return not group[AT_REST] and group.get("StorageEncryptionType", "none") == "none"


RULES = {
    "no-failover": field("AutomaticFailover", lambda state: state != "enabled"),
    "single-zone": field("MultiAZ", lambda state: state != "enabled"),
    "unencrypted-at-rest": Rule(_open, lambda one: f"{AT_REST} {one[AT_REST]}"),
    "unencrypted-in-transit": Rule(_plain, lambda one: f"{IN_TRANSIT} {one[IN_TRANSIT]} {one.get(MODE, '')}".strip()),
}


@check(
    allow("elasticache:DescribeReplicationGroups", on=redis.ANY),
    signals={
        "no-failover": "A Redis group does not fail over by itself",
        "single-zone": "A Redis group is in one availability zone only",
        "unencrypted-at-rest": "A Redis group's data is not encrypted at rest",
        "unencrypted-in-transit": "A Redis group's traffic is not encrypted",
        "none": "There is no Redis group here whose name has the word",
    },
)
def handler(parameters: RedisGroups, aws: Session) -> Finding:
    """Are Redis groups redundant and encrypted? Source: Huntaze, 3 "Multi-AZ"; 5, ElastiCache."""
    found = redis.groups(aws, parameters.region, parameters.named)
    nothing = redis.nothing(parameters.region, parameters.named)
    return judged(found, redis.ID, RULES).finding(TOLD, nothing, found)
