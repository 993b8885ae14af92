"""Huntaze's Redis group, and its snapshot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.elasticache.models import elasticache_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.network import Network
from sandbox.huntaze.place import APP
from sandbox.huntaze.undo import Undo
from sandbox.untyped import Model

GROUP, SNAPSHOT = "huntaze-sessions", "huntaze-sessions-today"
ALONE = "huntaze-trial"
GOOD = {"AutomaticFailoverEnabled": True, "MultiAZEnabled": True, "TransitEncryptionEnabled": True}
OLD = timedelta(days=30)
FIELDS = ("AutomaticFailover", "MultiAZ", "TransitEncryptionEnabled", "AtRestEncryptionEnabled")


def build(network: Network) -> None:
    """Make it, with a snapshot of today."""
    elasticache = APP.aws("elasticache")
    group = {"CacheSubnetGroupName": "huntaze", "CacheSubnetGroupDescription": "private"}
    elasticache.create_cache_subnet_group(**group, SubnetIds=network.private)
    elasticache.create_replication_group(
        ReplicationGroupId=GROUP,
        ReplicationGroupDescription="Sessions",
        CacheSubnetGroupName="huntaze",
        SecurityGroupIds=[network.of_data],
        NumCacheClusters=2,
        SnapshotRetentionLimit=7,
        AtRestEncryptionEnabled=True,
        **GOOD,
    )
    elasticache.create_snapshot(ReplicationGroupId=GROUP, SnapshotName=SNAPSHOT)


def look() -> Any:
    """Return what is to stay as it is."""
    elasticache = APP.aws("elasticache")
    [group] = elasticache.describe_replication_groups(ReplicationGroupId=GROUP)["ReplicationGroups"]
    snapshots = elasticache.describe_snapshots(SnapshotName=SNAPSHOT)["Snapshots"]
    times = [node["SnapshotCreateTime"] for one in snapshots for node in one["NodeSnapshots"]]
    alone = [one["CacheClusterId"] for one in elasticache.describe_cache_clusters()["CacheClusters"]]
    return {field: group[field] for field in FIELDS}, times, alone


def no_failover(undo: Undo) -> None:
    """Somebody has switched failover off, to restart a node."""
    _modify(undo, "AutomaticFailoverEnabled")


def single_zone(undo: Undo) -> None:
    """Somebody has switched Multi-AZ off."""
    _modify(undo, "MultiAZEnabled")


def unencrypted_in_transit(undo: Undo) -> None:
    """Somebody has switched encryption in transit off, for a client that cannot do it."""
    _modify(undo, "TransitEncryptionEnabled")


def unencrypted_at_rest(undo: Undo) -> None:
    """The group was made without encryption at rest, which nothing can switch on later."""
    undo.set(_backend().replication_groups[GROUP], at_rest_encryption_enabled=False)


def snapshots_too_old(undo: Undo) -> None:
    """No snapshot was made for a month."""
    snapshot = _backend().snapshots[SNAPSHOT]
    then = datetime.now(UTC) - OLD
    undo.set(snapshot, node_snapshots=[one | {"SnapshotCreateTime": then} for one in snapshot.node_snapshots])


def node_alone(undo: Undo) -> None:
    """Somebody has made a Redis of one node, to try something."""
    elasticache = APP.aws("elasticache")
    elasticache.create_cache_cluster(
        CacheClusterId=ALONE, Engine="redis", NumCacheNodes=1, CacheNodeType="cache.t4g.micro"
    )
    undo.callback(_backend().cache_clusters.pop, ALONE)  # which moto keeps as "deleting" for ever


def _modify(undo: Undo, field: str) -> None:
    which = {"ReplicationGroupId": GROUP, "ApplyImmediately": True}
    undo.call(APP.aws("elasticache").modify_replication_group, which, wrong={field: False}, good={field: GOOD[field]})


def _backend() -> Model:
    return elasticache_backends[ACCOUNT][APP.region]
