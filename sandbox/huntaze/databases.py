"""Huntaze's databases, and the snapshots of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.rds.models import rds_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.network import Network
from sandbox.huntaze.place import APP
from sandbox.huntaze.undo import Undo
from sandbox.untyped import Model

DATABASE, OTHER = "huntaze-production", "huntaze-analytics"
GOOD = {"BackupRetentionPeriod": 14, "MultiAZ": True, "PubliclyAccessible": False}
OLD = timedelta(days=30)
FIELDS = (*GOOD, "StorageEncrypted", "DBInstanceStatus")


def build(network: Network) -> None:
    """Make them, each with an automated and a manual snapshot of today."""
    rds = APP.aws("rds")
    group = {"DBSubnetGroupName": "huntaze", "DBSubnetGroupDescription": "private", "SubnetIds": network.private}
    rds.create_db_subnet_group(**group)
    for name in (DATABASE, OTHER):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t4g.medium",
            AllocatedStorage=50,
            MasterUsername="huntaze",
            ManageMasterUserPassword=True,
            DBSubnetGroupName="huntaze",
            VpcSecurityGroupIds=[network.of_data],
            StorageEncrypted=True,
            **GOOD,
        )  # of which RDS makes its automated snapshot
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-before-launch")


def look() -> Any:
    """Return what is to stay as it is."""
    rds = APP.aws("rds")
    return (
        [{field: one[field] for field in FIELDS} for one in rds.describe_db_instances()["DBInstances"]],
        sorted(
            (one["DBInstanceIdentifier"], one["SnapshotType"], one["OriginalSnapshotCreateTime"].date())
            for one in rds.describe_db_snapshots()["DBSnapshots"]
        ),
    )


def short_retention(undo: Undo) -> None:
    """Somebody has let the database keep its backups for a day only."""
    _modify(undo, "BackupRetentionPeriod", 1)


def single_zone(undo: Undo) -> None:
    """Somebody has switched the standby off, which costs."""
    _modify(undo, "MultiAZ", wrong=False)


def public(undo: Undo) -> None:
    """Somebody has given the database a public address, to look at it from home."""
    _modify(undo, "PubliclyAccessible", wrong=True)


def unencrypted(undo: Undo) -> None:
    """The database was made without encryption, which nothing can switch on later."""
    undo.set(_backend().databases[OTHER], storage_encrypted=False)


def snapshots_too_old(undo: Undo) -> None:
    """No snapshot of a database was made for a month."""
    for snapshot in _snapshots(OTHER):
        undo.set(snapshot, original_snapshot_create_time=utcnow() - OLD)


def no_manual_snapshot(undo: Undo) -> None:
    """Somebody has deleted the only snapshot that was made by hand."""
    which = {"DBSnapshotIdentifier": f"{DATABASE}-before-launch"}
    APP.aws("rds").delete_db_snapshot(**which)
    undo.callback(APP.aws("rds").create_db_snapshot, DBInstanceIdentifier=DATABASE, **which)


def _modify(undo: Undo, field: str, wrong: object) -> None:
    which = {"DBInstanceIdentifier": DATABASE, "ApplyImmediately": True}
    undo.call(APP.aws("rds").modify_db_instance, which, wrong={field: wrong}, good={field: GOOD[field]})


def _snapshots(name: str) -> list[Model]:
    every = _backend().database_snapshots.values()
    return [one for one in every if one.db_instance_identifier == name]


def _backend() -> Model:
    return rds_backends[ACCOUNT][APP.region]
