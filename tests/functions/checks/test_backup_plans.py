import json

import pytest
from moto.backup.responses import BackupResponse

from functions.checks.backup_plans import handler
from functions.core import reading
from functions.core.aws import Session
from tests.conftest import REGION
from tests.functions.conftest import RunCheck


def plan(operator: Session, name: str, region: str = REGION) -> str:
    """Make a plan; return its id."""
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "Default"}]
    made = operator.client("backup", region).create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": rules})
    return str(made["BackupPlanId"])


def test_healthy(run_check: RunCheck, operator: Session) -> None:
    plan(operator, "daily")
    plan(operator, "weekly")
    finding = run_check(handler, region=REGION)
    assert finding.signals == {"none": False}
    assert finding.facts == {"count": 2, "ids": ["daily", "weekly"]}
    assert finding.summary == "AWS Backup plans: 2"


def test_none(run_check: RunCheck, operator: Session) -> None:
    plan(operator, "daily", "us-east-1")
    finding = run_check(handler, region=REGION)
    assert finding.signals == {"none": True}
    assert finding.facts == {"count": 0, "ids": []}
    assert finding.summary == f"there is no AWS Backup plan in {REGION}"
    assert run_check(handler, region="us-east-1").signals == {"none": False}


def test_one_that_was_deleted_is_none(run_check: RunCheck, operator: Session) -> None:
    operator.client("backup").delete_backup_plan(BackupPlanId=plan(operator, "daily"))
    assert run_check(handler, region=REGION).signals == {"none": True}


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AWS Backup give an empty page, as it may, before the one with the plans."""
    whole = BackupResponse.list_backup_plans

    def cut(self: BackupResponse) -> str:
        second = self._get_params().get("nextToken") == "second"
        return whole(self) if second else json.dumps({"BackupPlansList": [], "NextToken": "second"})

    monkeypatch.setattr(BackupResponse, "list_backup_plans", cut)


@pytest.mark.usefixtures("pages")
def test_every_page_is_read(run_check: RunCheck, operator: Session) -> None:
    assert run_check(handler, region=REGION).signals == {"none": True}
    plan(operator, "daily")
    assert run_check(handler, region=REGION).signals == {"none": False}


@pytest.mark.usefixtures("pages")
def test_there_may_be_one_that_could_not_be_read(
    run_check: RunCheck, operator: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(operator, "daily")
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = run_check(handler, region=REGION)
    assert finding.signals == {"none": None}
    assert finding.summary.endswith("; there is more than could be read")
