"""Are databases backed up for long enough, in two zones, encrypted, and not public?"""

from typing import Any

from pydantic import Field

from functions.core import databases
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, field, judged
from functions.core.language import marked
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

RETENTION = "BackupRetentionPeriod"
TOLD = marked(
    "databases: {count}; backups kept for fewer than {days} days: {short-retention}; in one zone: {single-zone}; "
    "unencrypted: {unencrypted}; public: {public}"
)


class Databases(Named):
    """A region, a word in the names of its databases, and for how many days their backups have to be kept."""

    retention: int = Field(ge=1, le=35)


@check(
    allow("rds:DescribeDBInstances", on=databases.ANY),
    signals={
        "short-retention": "A database keeps its backups for fewer days than asked for",
        "single-zone": "A database is in one availability zone only",
        "unencrypted": "A database's storage is not encrypted",
        "public": "A database has a public address",
        "none": "There is no database here whose name has the word",
    },
)
def handler(parameters: Databases, aws: Session) -> Finding:
    """Are databases backed up, redundant, encrypted and private? Source: Huntaze, 3 "Backups", "Multi-AZ"; 5, RDS."""
    found = databases.read(aws, parameters.region, parameters.named)

    def short(database: Any) -> bool | None:
        # a read replica that keeps no backups is not wrong: those of its source count, see _restorable_from
        return found.lacks(database, lambda one: one[RETENTION] >= parameters.retention)

    rules = {
        "short-retention": Rule(short, lambda one: databases.placed(f"{RETENTION} {one[RETENTION]}", one)),
        "single-zone": Rule(_single, lambda one: databases.placed(f"MultiAZ {one['MultiAZ']}", one)),
        "unencrypted": Rule(_open, lambda one: f"StorageEncrypted {one['StorageEncrypted']}"),
        "public": field("PubliclyAccessible", bool),
    }
    nothing = databases.nothing(parameters.region, parameters.named)
    result = judged(found.named, databases.ID, rules)
    return result.finding(TOLD, nothing, found.named, days=parameters.retention)


def _single(database: Any) -> bool | None:
    """Say whether it is in one zone; of a cluster's member only the cluster tells."""
    return None if database.get(databases.CLUSTER) else not database["MultiAZ"]


def _open(database: Any) -> bool:
    """Say whether its storage is not encrypted, not even by a key of RDS itself."""
    return not database["StorageEncrypted"] and database.get("StorageEncryptionType", "none") == "none"
