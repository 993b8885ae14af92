"""ElastiCache: a snapshot tells when it was taken of each node, and a group may change its encryption in transit."""

import datetime
from typing import Any

from moto.elasticache.models import Snapshot
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.patches.replaced import replace


def install() -> None:
    """Replace what differs."""
    replace(Snapshot, "__init__", _init)
    replace(ElastiCacheResponse, "modify_replication_group", _modify)


def _init(self: Snapshot, **options: Any) -> None:
    replace.original(Snapshot, "__init__")(self, **options)
    now = datetime.datetime.now(datetime.UTC)
    nodes = range(1, (options.get("num_node_groups") or 1) + 1)
    told: Any = self
    told.node_snapshots = [{"CacheNodeId": f"{node:04}", "SnapshotCreateTime": now} for node in nodes]


def _modify(self: Any) -> Any:
    result = replace.original(ElastiCacheResponse, "modify_replication_group")(self)
    enabled = self._get_bool_param("TransitEncryptionEnabled")
    if enabled is not None:
        group = self.elasticache_backend.replication_groups[self._get_param("ReplicationGroupId")]
        group.transit_encryption_enabled = enabled
    return result
