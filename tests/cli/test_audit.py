import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import CredentialResolver
from botocore.exceptions import ClientError
from moto import mock_aws

from cli import audit, audit_report, common
from functions.core import catalogue, language, reading
from functions.core.aws import Session
from functions.core.check import check
from functions.core.drilled import Look
from functions.core.log import logger
from functions.core.results import Finding, Parameters
from statemachines import load

SERVICE = load.services()["huntaze"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An account with nothing in it, and a folder for reports; what the command sets is set back."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_PROFILE", "")  # set back to whatever it was
    monkeypatch.delenv("AWS_PROFILE")
    monkeypatch.setenv("AWS_DEFAULT_REGION", SERVICE.region)
    monkeypatch.setenv("SERVICE_LANGUAGE", "en")
    monkeypatch.setattr(language, "LOCALES", language.LOCALES)
    monkeypatch.setattr(reading, "SECONDS", reading.SECONDS)
    monkeypatch.setattr(audit_report, "FOLDER", tmp_path)
    with mock_aws():
        yield tmp_path
    logger.setLevel("INFO")
    language.catalogue.cache_clear()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command."""
    monkeypatch.setattr(sys, "argv", ["audit", *arguments])
    return audit.main()


def test_the_checklist_is_printed_and_written_in_each_form(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--language", "en") == 0
    report = json.loads((folder / "huntaze.json").read_text())
    assert len(report["rows"]) == 11
    printed = capsys.readouterr().out
    assert "Backups: snapshots and a strategy" in printed
    assert str(folder / "huntaze.html") in printed
    assert '"level"' not in printed
    assert "<h1>Huntaze: Ready to launch</h1>" in (folder / "huntaze.html").read_text()
    assert (folder / "huntaze.md").read_text().startswith("## Huntaze: Ready to launch")
    assert report["changes"] is None
    (users,) = [row for row in report["rows"] if row["name"] == "iam"]
    assert users["status"] == "NOK"  # moto's account is not the service's, or its root user has no MFA device


def test_the_second_run_says_what_has_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--language", "en")
    boto3.client("ec2", region_name="us-east-2").authorize_security_group_ingress(
        GroupId=boto3.client("ec2", region_name="us-east-2").describe_security_groups()["SecurityGroups"][0]["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    run(monkeypatch, "--language", "en")
    (change,) = json.loads((folder / "huntaze.json").read_text())["changes"]
    assert change["row"] == "security-groups"
    assert all("us-east-2" in text for text in change["appeared"])


@pytest.mark.parametrize("half", ["", '{"rows": [', "{}"])
def test_a_report_that_was_not_written_whole_ends_no_audit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    (folder / "huntaze.json").write_text(half)
    assert run(monkeypatch) == 0
    assert json.loads((folder / "huntaze.json").read_text())["changes"] is None


def test_it_speaks_the_services_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch) == 0
    assert "Sauvegardes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--service", "nobody"], "There is no service nobody. There are: ganopa-bot, harena, huntaze."),
        (["--service", "harena"], "harena uses no audit: say which in services/, under audit."),
        (["--profile", "nobody"], "The config profile (nobody) could not be found"),
        (["--from", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(monkeypatch, *arguments, "--language", "en") == 2
    told = capsys.readouterr()
    assert said in told.err
    assert len(told.err.strip().splitlines()) == 1
    assert "Traceback" not in told.err + told.out


def test_without_credentials_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Session, "get_credentials", lambda _: None)
    assert run(monkeypatch) == 2
    assert capsys.readouterr().err == (
        "There are no credentials of AWS here. Name a profile that may read: make audit PROFILE=…\n"
    )


def test_credentials_that_aws_does_not_accept_write_no_report(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expired: Any = {"Error": {"Code": "ExpiredToken", "Message": "The security token included has expired"}}

    def refused(_: Session) -> None:
        raise ClientError(expired, "GetCallerIdentity")

    monkeypatch.setattr(audit, "caller", refused)
    assert run(monkeypatch) == 2
    told = capsys.readouterr().err
    assert told.startswith("AWS does not accept these credentials: ")
    assert "The security token included has expired" in told
    assert list(folder.iterdir()) == []


def test_whoever_looks_becomes_somebody_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile may ask for a code of an MFA device, which is good for one time."""
    asked: list[str] = []
    found = CredentialResolver.load_credentials

    def counted(resolver: CredentialResolver) -> object:
        asked.append("")
        return found(resolver)

    monkeypatch.setattr(CredentialResolver, "load_credentials", counted)
    assert run(monkeypatch) == 0
    assert len(asked) == 1


def test_a_profile_needs_no_region_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    assert run(monkeypatch, "--language", "en") == 0
    assert "specify a region" not in (folder / "huntaze.json").read_text()


def test_what_does_not_only_read_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    @check(signals={})
    def writing(_: Parameters, aws: Session) -> Finding:
        """Delete something, as no check does."""
        aws.client("ec2", "us-east-1").delete_security_group(GroupId="sg-1")
        return Finding(summary="")

    monkeypatch.setattr(catalogue, "checks", lambda: {"writing": writing})
    look = Look("writing", {}, {}, [])
    with pytest.raises(audit.Writes, match="ec2 DeleteSecurityGroup does not only read, so it was not sent"):
        audit._live(audit.Reader())(look)  # noqa: SLF001 (what each look goes through)


def test_a_profile_may_become_somebody() -> None:
    audit.Reader().client("sts", "us-east-1").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/reader", RoleSessionName="me"
    )


def test_what_a_check_fails_on_is_unknown_and_the_others_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = audit._live  # noqa: SLF001
    denied: Any = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: rds:DescribeDBInstances"}}

    def look(reader: audit.Reader) -> audit.Looker:
        def denying(one: Look) -> Finding:
            if one.check == "databases":
                raise ClientError(denied, "DescribeDBInstances")
            return whole(reader)(one)

        return denying

    monkeypatch.setattr(audit, "_live", look)
    assert run(monkeypatch, "--language", "en") == 0
    rows = {row["name"]: row for row in json.loads((folder / "huntaze.json").read_text())["rows"]}
    told = {one["todo"] for one in rows["security-groups"]["reasons"] if one["signal"] == "databases.public"}
    assert told == {"Access was denied: allow rds:DescribeDBInstances to whoever looks, then look again."}
    assert any(one["answer"] is not None for one in rows["security-groups"]["reasons"])


def test_another_accounts_answers_are_no_report_about_the_service(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "210987654321")
    assert run(monkeypatch, "--language", "en") == 2
    said = "These are account 210987654321's answers, and huntaze is in 123456789012"
    assert said in capsys.readouterr().err
    assert not list(folder.glob("*.html"))


def test_a_checkout_is_looked_at_where_one_is_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "--language", "en", "--checkout", str(folder / "none")) == 0
    rows = {row["name"]: row for row in json.loads((folder / "huntaze.json").read_text())["rows"]}
    assert str(folder / "none") in json.dumps(rows["repository"])
    with pytest.raises(common.Failed):
        common.service("nobody")


def test_what_was_not_saved_is_told_without_our_names_for_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = folder / "answers"
    answers.mkdir()
    (answers / "saved-at").write_text("2026-01-02T03:04:05+00:00\n")
    assert run(monkeypatch, "--language", "en", "--from", str(answers)) == 0
    report = json.loads((folder / "huntaze.json").read_text())
    assert report["at"] == "2026-01-02T03:04:05+00:00"
    assert {row["status"] for row in report["rows"]} == {"TODO"}
    evidence = " ".join(one["evidence"][0] for row in report["rows"] for one in row["reasons"])
    assert "aws rds describe-db-instances --region us-east-1" in evidence
    assert "NotSaved" not in evidence


def test_old_answers_are_told_to_be_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = folder / "answers"
    answers.mkdir()
    (answers / "saved-at").write_text("2026-01-02T03:04:05+00:00\n")
    run(monkeypatch, "--language", "en", "--from", str(answers))
    assert "These answers are of 2026-01-02 03:04 UTC" in capsys.readouterr().err
    (answers / "saved-at").write_text(f"{datetime.now(UTC).isoformat()}\n")
    run(monkeypatch, "--language", "en", "--from", str(answers))
    assert capsys.readouterr().err == ""
