"""ElastiCache replication groups of a region, and nodes outside of any."""

from typing import Any

from functions.core.aws import Session
from functions.core.language import say
from functions.core.listed import Listed, listed

PAGE = 100
ANY = "arn:aws:elasticache:*:{account}:replicationgroup:*"  # the region is the check's parameter
ID, NODE = "ReplicationGroupId", "CacheClusterId"
MEMCACHED = "memcached"  # what it loses, it may lose
LEAVING = ("deleting", "deleted")


def groups(aws: Session, region: str, named: str, share: int = 1) -> Listed[Any]:
    """Read a region's groups whose id has a word, in a share of the time."""
    pages = aws.client("elasticache", region).get_paginator("describe_replication_groups")
    return listed(
        pages.paginate(PaginationConfig={"PageSize": PAGE}),
        lambda page: [one for one in page["ReplicationGroups"] if named in one[ID]],
        share,
    )


def alone(aws: Session, region: str, named: str) -> Listed[Any]:
    """Read a region's Redis nodes whose id has a word and that are in no group, but for those that are going away."""
    pages = aws.client("elasticache", region).get_paginator("describe_cache_clusters")
    return listed(
        pages.paginate(PaginationConfig={"PageSize": PAGE}),
        lambda page: [
            one
            for one in page["CacheClusters"]
            if named in one[NODE] and not one.get(ID)
            if one["Engine"] != MEMCACHED and one["CacheClusterStatus"] not in LEAVING
        ],
    )


def nothing(region: str, named: str) -> str:
    """Say that there is none."""
    if not named:
        return say("there is no Redis group in {region}", region=region)
    return say("there is no Redis group in {region} whose name has {named} in it", region=region, named=named)
