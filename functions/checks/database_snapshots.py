"""Is there a recent snapshot of each database, and one that was made by hand?"""

from typing import Any

from pydantic import Field

from functions.core import databases, snapshots
from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, judged
from functions.core.language import marked, say
from functions.core.listed import Listed
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

SHARE = 2  # of the time, for the databases and for their snapshots
TOLD = marked(
    "databases: {count}; without a snapshot of the last {days} days: {too-old}; without a manual one: {no-manual}"
)


class DatabaseSnapshots(Named):
    """A region, a word in the names of its databases, and how many days old their newest snapshot may be."""

    days: int = Field(ge=1, le=365)


@check(
    allow("rds:DescribeDBInstances", "rds:DescribeDBSnapshots", on=databases.ANY),
    allow("rds:DescribeDBSnapshots", on="arn:aws:rds:*:{account}:snapshot:*"),
    signals={
        "too-old": "The newest snapshot of a database is older than asked for, or there is none",
        "no-manual": "A database has no manual snapshot",
        "none": "There is no database here whose name has the word",
    },
)
def handler(parameters: DatabaseSnapshots, aws: Session) -> Finding:
    """Has each database a recent snapshot, and a manual one? Source: Huntaze, 3 "Backups"; 5, RDS."""
    found = databases.read(aws, parameters.region, parameters.named, SHARE)
    taken = snapshots.of_databases(aws, parameters.region, SHARE)
    made = Listed([one for one in taken.found if one.manual], taken.whole)

    def too_old(database: Any) -> bool | None:
        return found.lacks(database, lambda one: snapshots.recent(taken, [snapshots.source(one)], parameters.days))

    def no_manual(database: Any) -> bool | None:
        return found.lacks(database, lambda one: made.any(lambda snapshot: snapshot.of == snapshots.source(one)))

    def newest(database: Any) -> str:
        return databases.placed(snapshots.newest(taken, [snapshots.source(database)]), database)

    rules = {"too-old": Rule(too_old, newest), "no-manual": Rule(no_manual, lambda _: say("no manual snapshot"))}
    nothing = databases.nothing(parameters.region, parameters.named)
    result = judged(found.named, databases.ID, rules)
    return result.finding(TOLD, nothing, found.named, taken, days=parameters.days)
