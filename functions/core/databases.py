"""RDS instances of a region, and whose backups they are restored from."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from functions.core.aws import Session
from functions.core.judged import Verdict
from functions.core.language import say
from functions.core.listed import Listed, listed

PAGE = 100
ANY = "arn:aws:rds:*:{account}:db:*"  # the region is the check's parameter, and {region} the service's own
ID = "DBInstanceIdentifier"
SOURCE, CLUSTER = "ReadReplicaSourceDBInstanceIdentifier", "DBClusterIdentifier"


class Databases(NamedTuple):
    """Instances whose identifier has a word, and all of the region by their identifiers."""

    named: Listed[Any]
    every: dict[str, Any]

    def lacks(self, database: Any, fine: Callable[[Any], Verdict]) -> Verdict:
        """Say whether no backups are fine of all those that a database could be restored from."""
        said = [fine(one) if one else None for one in self._restorable_from(database)]
        return False if True in said else None if None in said else True

    def _restorable_from(self, database: Any) -> Iterator[Any]:
        """Give the instances whose backups have its data, then None where others have it that are not instances here.

        A read replica has no backups of its own unless it is told to: it is made anew from its source, whose backups
        therefore count; only those of a source in another region are unknown here. What is in a cluster, as Aurora is,
        has none ever: the cluster has them.
        """
        if database.get(CLUSTER):
            yield None
            return
        yield database
        source = database.get(SOURCE) or database.get("ReadReplicaSourceDBClusterIdentifier")
        if source in self.every:
            yield from self._restorable_from(self.every[source])
        elif source:
            yield None


def read(aws: Session, region: str, named: str, share: int = 1) -> Databases:
    """Read a region's instances, in a share of the time."""
    pages = aws.client("rds", region).get_paginator("describe_db_instances")
    every = listed(pages.paginate(PaginationConfig={"PageSize": PAGE}), lambda page: page["DBInstances"], share)
    of_name = [one for one in every.found if named in one[ID]]
    return Databases(Listed(of_name, every.whole), {one[ID]: one for one in every.found})


def placed(told: str, database: Any) -> str:
    """Tell what else decides about a database: what it replicates, or its cluster."""
    if database.get(CLUSTER):
        return say("{told}, in the cluster {cluster}", told=told, cluster=database[CLUSTER])
    if database.get(SOURCE):
        return say("{told}, a replica of {source}", told=told, source=database[SOURCE])
    return told


def nothing(region: str, named: str) -> str:
    """Say that there is none."""
    if not named:
        return say("there is no database in {region}", region=region)
    return say("there is no database in {region} whose name has {named} in it", region=region, named=named)
