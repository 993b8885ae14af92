"""ElastiCache replication groups as tests want them; moto makes what AWS tells of them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from moto.elasticache.models import elasticache_backends

from functions.core.aws import Session
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT

FINE = {
    "AutomaticFailoverEnabled": True,
    "MultiAZEnabled": True,
    "AtRestEncryptionEnabled": True,
    "TransitEncryptionEnabled": True,
    "NumCacheClusters": 2,
}
_numbers = count(1)


class Redis:
    """A region's groups."""

    def __init__(self, operator: Session, region: str = REGION) -> None:
        self.elasticache = operator.client("elasticache", region)
        self.backend = elasticache_backends[ACCOUNT][region]

    def group(self, name: str, **other: Any) -> Any:
        """Make a group, fine but for what is given; return it as moto keeps it."""
        self.elasticache.create_replication_group(
            ReplicationGroupId=name, ReplicationGroupDescription="Sessions", **FINE | other
        )
        return self.backend.replication_groups[name]

    def node(self, name: str, **other: Any) -> Any:
        """Make a node in no group; return it as moto keeps it."""
        options = {"Engine": "redis", "NumCacheNodes": 1, "CacheNodeType": "cache.t4g.micro"} | other
        self.elasticache.create_cache_cluster(CacheClusterId=name, **options)
        return self.backend.cache_clusters[name]

    def snapshot(self, of: str, *days: float | None) -> Any:
        """Take a snapshot of a group, its shards' so many days ago (None: not told); return it as moto keeps it."""
        name = f"snapshot-{next(_numbers)}"
        self.elasticache.create_snapshot(ReplicationGroupId=of, SnapshotName=name)
        made: Any = self.backend.snapshots[name]
        now = datetime.now(UTC)
        # moto knows no nodes of snapshots, and so no times
        made.node_snapshots = [
            {"CacheNodeId": "0001"} | ({} if age is None else {"SnapshotCreateTime": now - timedelta(days=age)})
            for age in days or (0,)
        ]
        return made
