"""RDS instances as tests want them; moto makes what AWS tells of them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from moto.rds.models import rds_backends

from functions.core.aws import Session
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT

FINE = {"BackupRetentionPeriod": 7, "MultiAZ": True, "StorageEncrypted": True, "PubliclyAccessible": False}
_numbers = count(1)


class Rds:
    """A region's instances."""

    def __init__(self, operator: Session, region: str = REGION) -> None:
        self.rds, self.backend = operator.client("rds", region), rds_backends[ACCOUNT][region]

    def database(self, name: str, **other: Any) -> Any:
        """Make an instance, fine but for what is given; return it as moto keeps it."""
        self.rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.medium",
            AllocatedStorage=20,
            MasterUsername="root",
            MasterUserPassword="never-shown",
            **FINE | other,
        )
        return self._own(name)

    def replica(self, name: str, source: str, **other: Any) -> Any:
        """Make a read replica, which has no backups of its own unless they are asked for."""
        self.rds.create_db_instance_read_replica(DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source)
        replica = self._own(name)
        replica.backup_retention_period = other.get("BackupRetentionPeriod", 0)
        return replica

    def _own(self, name: str) -> Any:
        """Return an instance, with a resource id of its own: moto gives all of them the same."""
        made: Any = self.backend.databases[name]
        made.dbi_resource_id = f"db-{next(_numbers)}"
        return made

    def snapshot(self, of: str, days: float = 0, kind: str = "manual") -> Any:
        """Take a snapshot of an instance, so many days ago; return it as moto keeps it."""
        name = f"{of}-{next(_numbers)}"
        self.rds.create_db_snapshot(DBInstanceIdentifier=of, DBSnapshotIdentifier=name)
        made: Any = self.backend.database_snapshots[name]
        made.snapshot_type, made.original_snapshot_create_time = kind, datetime.now(UTC) - timedelta(days=days)
        return made
