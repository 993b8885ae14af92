"""AWS Backup's plan in a region."""

from __future__ import annotations

import time
from typing import Any

from moto.backup.models import backup_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.place import APP, Place
from sandbox.huntaze.undo import Undo

RULE = {"RuleName": "daily", "ScheduleExpression": "cron(0 3 * * ? *)", "Lifecycle": {"DeleteAfterDays": 35}}


def build(place: Place) -> None:
    """Make it, and a vault."""
    backup = place.aws("backup")
    backup.create_backup_vault(BackupVaultName=place.name)
    rule = {**RULE, "TargetBackupVaultName": place.name}
    backup.create_backup_plan(BackupPlan={"BackupPlanName": place.name, "Rules": [rule]})


def look(place: Place) -> Any:
    """Return what is to stay as it is."""
    return [plan["BackupPlanName"] for plan in place.aws("backup").list_backup_plans()["BackupPlansList"]]


def none(undo: Undo) -> None:
    """Somebody has deleted the plan."""
    [plan] = backup_backends[ACCOUNT][APP.region].plans.values()
    undo.set(plan, deletion_date=time.time())  # moto lets nobody make another one of its name
