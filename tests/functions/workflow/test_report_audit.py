import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions.core import audited, published
from functions.core.language import code
from functions.core.results import Finding
from functions.workflow import report_audit
from statemachines import compiled, compiled_audit
from statemachines.model import DAYS
from tests.functions.workflow.world import REGION, World

BUCKET, NAME = "huntaze-audits", "launch_readiness"
INES, MARC = "ines@huntaze.example", "marc@huntaze.example"
TODAY = DAYS[datetime.now(UTC).weekday()]
ANOTHER_DAY = next(day for day in DAYS if day != TODAY)


@pytest.fixture
def account(world: World, packages: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> World:
    """The service's package, whose day of mails is another day, and the bucket of reports."""
    monkeypatch.setattr(compiled, "FOLDER", packages["huntaze"])
    monkeypatch.setenv("AUDITS_BUCKET", BUCKET)
    mails_on(monkeypatch, ANOTHER_DAY)
    s3 = world.aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return world


def mails_on(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """Let the weekly mail be of a day, on clocks that show UTC."""
    known = compiled_audit.read()
    use = known.service.audit.model_copy(update={"day": day}) if known.service.audit else None
    changed = known.service.model_copy(update={"audit": use, "timezone": "UTC"})
    monkeypatch.setattr(compiled_audit, "read", lambda: known.model_copy(update={"service": changed}))


def answers(*true: str) -> dict[str, Any]:
    """Write what all checks find where all is well; some signals, written check.signal, are true in each region."""
    known = compiled_audit.read()
    use = known.service.audit
    assert use
    return {
        place.called: Finding(
            summary="seen",
            signals={one: f"{place.check}.{one}" in true for one in known.questions[place.check]},
        ).model_dump()
        for place in audited.places(known.audit, use.regions)
        if not known.audit.checks[place.check].local
    }


def run(*true: str, mail: bool = False) -> dict[str, Any]:
    """Report an audit."""
    return report_audit.handler({"audit": "a-1", "mail": mail, "findings": answers(*true)})


def fail(*_: object) -> list[str]:
    """Fail as a mail may."""
    raise ConnectionError


def test_the_first_run_is_kept_and_mailed_to_every_approver(account: World) -> None:
    told = run("databases.public")
    assert told["rows"]["security-groups"] == "NOK"
    assert told["rows"]["patching"] == "TODO"  # all is well there, and nobody has attested the cycle
    assert told["rows"]["repository"] == "TODO"
    assert (told["service"], told["audit"], told["changes"]) == ("huntaze", "a-1", None)
    assert told["told"] == [INES, MARC] == [mail.to for mail in account.mails]
    mail = account.mails[0]
    assert mail.subject.startswith("[huntaze] ")
    assert told["result"] in mail.subject
    assert told["link"] in mail.text
    assert "huntaze-audit" in mail.text
    kept = published.last(account.aws, BUCKET, NAME) or {}
    assert [row["status"] for row in kept["rows"]] == list(told["rows"].values())


@pytest.mark.usefixtures("account")
def test_that_it_ran_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    run("databases.public", "mail.sandbox")
    (counted,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert counted["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Runbooks"
    assert (counted["service"], counted["Audit"]) == ("huntaze", [1])
    assert (counted["Rows NOK"], counted["Rows TODO"], counted["Rows OK"]) == ([2], [7], [2])


def test_where_nothing_has_changed_nobody_is_mailed(account: World) -> None:
    run()
    again = run()
    assert (again["changes"], again["told"]) == ([], [])
    assert len(account.mails) == 2


def test_what_has_changed_is_mailed(account: World) -> None:
    run()
    changed = run("databases.public")
    assert [one["row"] for one in changed["changes"]] == ["security-groups"]
    assert changed["told"] == [INES, MARC]
    question = compiled_audit.read().questions["databases"]["public"]
    assert code() == "en"
    assert f"New: {question} (us-east-1)" in account.mails[-1].text


def test_what_has_changed_is_mailed_although_the_mail_failed_at_first(
    account: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    with monkeypatch.context() as broken:
        broken.setattr(report_audit, "_tell", fail)
        with pytest.raises(ConnectionError):
            run("databases.public")
    again = run("databases.public")
    assert [one["row"] for one in again["changes"]] == ["security-groups"]
    assert again["told"] == [INES, MARC]
    assert len(account.mails) == 4


def test_what_nobody_knows_any_more_is_mailed_as_unknown(account: World) -> None:
    run("databases.public")
    denied = {name: {"error": "ClientError"} for name in answers() if name.startswith("databases ")}
    report_audit.handler({"audit": "a-2", "mail": False, "findings": answers() | denied})
    question = compiled_audit.read().questions["databases"]["public"]
    assert f"Unknown: {question} (us-east-1)" in account.mails[-1].text
    assert "Not so any more" not in account.mails[-1].text


def test_who_asks_for_the_mail_gets_it(account: World) -> None:
    run()
    assert run(mail=True)["told"] == [INES, MARC]
    assert len(account.mails) == 4


def test_once_a_week_it_is_mailed_in_any_case(account: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    mails_on(monkeypatch, TODAY)
    assert run()["told"] == [INES, MARC]
    assert len(account.mails) == 4


def test_the_link_is_to_this_runs_page(account: World) -> None:
    first, second = run("databases.public"), run()
    s3 = account.aws.client("s3")
    for told, line in ((first, "PubliclyAccessible"), (second, "")):
        version = told["link"].rpartition("versionId=")[2]
        page = s3.get_object(Bucket=BUCKET, Key=f"{NAME}.html", VersionId=version)["Body"].read().decode()
        assert told["result"].split(", ")[0] in page
        assert ("Switch PubliclyAccessible off" in page) is bool(line)


def test_where_the_last_report_cannot_be_read_it_fails_instead_of_comparing_with_nothing(account: World) -> None:
    account.aws.client("s3").put_object(Bucket=BUCKET, Key=f"{NAME}.json", Body=b"{")
    with pytest.raises(json.JSONDecodeError, match=rf"s3://{BUCKET}/{NAME}\.json is no report: delete this version"):
        run()
