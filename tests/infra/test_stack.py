import json
import subprocess
import sys
from pathlib import Path

import pytest

import app
from statemachines import load
from tests.infra.template import Template

ROOT = Path(__file__).parents[2]


def test_the_stack_fits_into_cloudformation(template: Template) -> None:
    assert len(template.resources) < 500


def test_cdk_nag_finds_nothing_without_a_written_reason(template: Template) -> None:
    report = json.loads((template.path.parent / "validation-report.json").read_text(encoding="utf-8"))
    assert report["pluginReports"] == []


def test_cfn_lint_finds_nothing(template: Template) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(template.path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_synth_asks_nothing_of_an_account(template: Template) -> None:
    manifest = json.loads((template.path.parent / "manifest.json").read_text(encoding="utf-8"))
    assert "missing" not in manifest
    assert not (ROOT / "cdk.context.json").exists()


def test_the_stack_goes_where_the_service_is(template: Template) -> None:
    manifest = json.loads((template.path.parent / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["artifacts"]["ganopa-bot"]["environment"] == "aws://123456789012/me-central-1"


def test_the_proof_of_who_allowed_what_outlives_the_stack(template: Template) -> None:
    name, table = template.one("DynamoDB::Table")
    assert template.resources[name]["DeletionPolicy"] == "Retain"
    assert table["DeletionProtectionEnabled"]
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_a_mistake_in_a_file_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise load.FileError("services/x.yaml:3: approver: there is no such word")

    monkeypatch.setattr(load, "services", broken)
    with pytest.raises(SystemExit) as exit_:
        app.main()
    assert exit_.value.code == "services/x.yaml:3: approver: there is no such word"
