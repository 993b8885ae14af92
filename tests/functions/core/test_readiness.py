from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.core import readiness
from functions.core.judged import Verdict
from functions.core.readiness import JudgedRow, Report
from functions.core.results import Finding
from statemachines import load
from statemachines.audit_model import Audit
from statemachines.compiled_audit import Audited
from statemachines.model import Service

REGIONS = ["us-east-1", "us-east-2"]
TODAY = datetime.now(UTC).date()
QUESTIONS = {
    "keys": {"old": "A key is old"},
    "databases": {
        "public": "A database is public",
        "single": "A database is in one zone",
        "none": "There is no database",
    },
    "repository": {"state": "A state file is in git"},
}
AUDIT = {
    "name": "launch",
    "title": "Ready?",
    "source": "a runbook",
    "checks": {
        "keys": {"check": "access_keys", "with": {"days": 90}},
        "databases": {"check": "databases", "per": "region", "with": {"region": "{region}"}},
        "repository": {"check": "repository_files", "local": True, "with": {"folder": "{checkout}"}},
    },
    "rows": [
        {"name": "iam", "title": "IAM", "means": "…", "wrong": {"keys.old": "Renew it."}},
        {
            "name": "network",
            "title": "Network",
            "means": "…",
            "wrong": {"databases.public": "Close it.", "databases.single": "Add a zone."},
            "nothing": ["databases.none"],
        },
        {"name": "restore", "title": "Restore", "means": "…", "attested": ["restored"]},
        {"name": "git", "title": "Git", "means": "…", "wrong": {"repository.state": "Move it."}},
    ],
    "attestations": {"restored": {"title": "A restore was tried", "days": 30}},
}
DENIED = (
    "An error occurred (AccessDenied) when calling the DescribeDBInstances operation: User: arn:aws:sts::123456789012:"
    f"assumed-role/{'a-long-name' * 6}/{'and-another' * 6} is not authorized to perform: rds:DescribeDBInstances on "
    "resource: arn:aws:rds:us-east-1:…"
)


def audited(**attested: Any) -> Audited:
    """Put an audit of four rows together; what is attested is given by name."""
    service = load.services()["huntaze"].model_dump(by_alias=True)
    service["audit"] |= {"regions": REGIONS, "attestations": attested}
    return Audited(service=Service.model_validate(service), audit=Audit.model_validate(AUDIT), questions=QUESTIONS)


def finding(evidence: list[str] | None = None, **signals: bool | None) -> dict[str, Any]:
    """Write a check's answer."""
    return Finding(summary="seen", signals=dict(signals), evidence=evidence or []).model_dump()


def good() -> dict[str, Any]:
    """Write the answers of an account where all is well; only the second region has a database."""
    return {
        "keys": finding(old=False),
        "databases us-east-1": finding(public=False, single=False, none=True),
        "databases us-east-2": finding(public=False, single=False, none=False),
        "repository": finding(state=False),
    }


def report(answers: dict[str, Any], before: Report | None = None, attested: dict[str, Any] | None = None) -> Report:
    """Compute the report."""
    known = None if before is None else before.model_dump(mode="json")
    return readiness.report(audited(**(attested or {})), REGIONS, answers, known)


def row(of: Report, name: str) -> JudgedRow:
    """Return a row."""
    return next(one for one in of.rows if one.name == name)


def test_what_is_fine_everywhere_is_ok_with_what_was_seen() -> None:
    network = row(report(good()), "network")
    assert network.status == "OK"
    assert [(one.signal, one.region) for one in network.answered(answer=False)] == [
        ("databases.public", "us-east-1"),
        ("databases.public", "us-east-2"),
        ("databases.single", "us-east-1"),
        ("databases.single", "us-east-2"),
    ]
    assert network.reasons[0].told == "Not so: A database is public"
    assert network.reasons[0].evidence == ["seen"]
    assert (network.nothing, network.words) == ([], [])


def test_what_is_wrong_in_one_region_is_nok_with_its_evidence_and_what_to_do() -> None:
    bad = good() | {
        "databases us-east-2": finding(["db-1: PubliclyAccessible true"], public=True, single=None, none=False)
    }
    network = row(report(bad), "network")
    assert network.status == "NOK"
    (wrong,) = network.answered(answer=True)
    assert (wrong.signal, wrong.region, wrong.told) == ("databases.public", "us-east-2", "A database is public")
    assert (wrong.evidence, wrong.todo) == (["db-1: PubliclyAccessible true"], "Close it.")
    (unknown,) = network.answered(answer=None)
    assert (unknown.signal, unknown.todo) == ("databases.single", "Part of it could not be seen: look at it by hand.")


@pytest.mark.parametrize(
    ("answer", "todo"),
    [
        (finding(public=None, single=False, none=False), "Part of it could not be seen: look at it by hand."),
        (None, "It could not be looked at: find out why, then look again."),
        (
            {"error": "ClientError", "cause": DENIED},
            "Access was denied: allow rds:DescribeDBInstances to whoever looks, then look again.",
        ),
        (
            {
                "error": "ClientError",
                "cause": "An error occurred (UnauthorizedOperation) when calling the DescribeX operation",
            },
            "Access was denied: allow DescribeX to whoever looks, then look again.",
        ),
    ],
)
def test_what_is_unknown_in_one_region_is_todo_and_only_there(answer: Any, todo: str) -> None:
    found = report(good() | {"databases us-east-1": answer})
    assert [(one.name, one.status) for one in found.rows[:2]] == [("iam", "OK"), ("network", "TODO")]
    assert row(found, "network").answered(answer=None)[0].todo == todo


def test_what_was_never_looked_at_is_todo() -> None:
    assert {one.status for one in report({}).rows} == {"TODO"}


def test_where_there_is_nothing_to_judge_nothing_is_proven() -> None:
    found = report(good() | {"databases us-east-2": finding(public=False, single=False, none=True)})
    assert row(found, "network").status == "TODO"
    assert row(found, "network").nothing == ["There is no database"]
    unknown = report(good() | {"databases us-east-2": finding(public=False, single=False, none=None)})
    assert row(unknown, "network").status == "TODO"
    assert row(unknown, "network").nothing == ["Unknown: There is no database"]


NO_ALARM = {"alarms": {"no-alarm": "No alarm on the databases tells anybody"}}


def watched(*excuses: str, **databases: dict[str, Any]) -> JudgedRow:
    """Judge a row about alarms on databases, none of which there are, by what is known of the databases."""
    known = audited()
    values: dict[str, Any] = known.audit.model_dump(by_alias=True)
    values["checks"]["alarms"] = {"check": "missing_alarms", "per": "region", "with": {"region": "{region}"}}
    wrong = {"wrong": {"alarms.no-alarm": "Make one."}, "unless": {"alarms.no-alarm": ["databases.none", *excuses]}}
    values["rows"] = [{"name": "alarms", "title": "Alarms", "means": "…", **wrong}, values["rows"][2]]
    audit = Audit.model_validate(values)
    answers = {f"alarms {region}": {"summary": "seen", "signals": {"no-alarm": True}} for region in REGIONS}
    answers |= {f"databases {region.replace('_', '-')}": one for region, one in databases.items()}
    both = known.model_copy(update={"audit": audit, "questions": QUESTIONS | NO_ALARM})
    return row(readiness.report(both, REGIONS, answers, None), "alarms")


def test_what_there_is_none_of_in_a_region_needs_no_alarm_there() -> None:
    some, no = finding(public=False, single=False, none=False), finding(public=False, single=False, none=True)
    found = watched(us_east_1=some, us_east_2=no)
    assert (found.status, [one.region for one in found.answered(answer=True)]) == ("NOK", ["us-east-1"])
    assert len(found.reasons) == 1
    assert watched(us_east_1=no, us_east_2=no).reasons == []


@pytest.mark.parametrize(("public", "status"), [(True, "OK"), (False, "NOK"), (None, "TODO")])
def test_of_several_excuses_each_has_to_hold(public: Verdict, status: str) -> None:
    one = finding(public=public, single=False, none=True)
    two = finding(public=True, single=False, none=True)
    found = watched("databases.public", us_east_1=one, us_east_2=two)
    assert found.status == status
    assert [one.region for one in found.reasons] == ([] if status == "OK" else ["us-east-1"])


def test_where_nobody_knows_whether_there_is_any_nobody_knows_whether_it_is_wrong() -> None:
    no = finding(public=False, single=False, none=True)
    found = watched(us_east_1={"error": "ClientError", "cause": DENIED}, us_east_2=no)
    assert found.status == "TODO"
    (unknown,) = found.answered(answer=None)
    assert (unknown.region, "rds:DescribeDBInstances" in unknown.todo) == ("us-east-1", True)


def test_without_a_checkout_nobody_knows_what_is_in_git() -> None:
    answers = good()
    del answers["repository"]
    (unknown,) = row(report(answers), "git").answered(answer=None)
    assert unknown.evidence == ["only a checkout of the repository can tell: make audit CHECKOUT=…"]
    assert row(report(answers), "git").status == "TODO"
    assert row(report(good()), "git").status == "OK"


@pytest.mark.parametrize(
    ("age", "status", "standing"),
    [
        (0, "OK", "attested"),
        (30, "OK", "attested"),
        (31, "TODO", "expired"),
        (-1, "TODO", "early"),
        (None, "TODO", "missing"),
    ],
)
def test_peoples_word_counts_for_some_days(age: int | None, status: str, standing: str) -> None:
    word = {"by": "ines@huntaze.example", "evidence": "https://wiki.example/restore"}
    given = {} if age is None else {"restored": word | {"on": TODAY - timedelta(days=age)}}
    restore = row(report(good(), attested=given), "restore")
    assert (restore.status, restore.words[0].standing) == (status, standing)
    assert restore.words[0].evidence == ("" if age is None else "https://wiki.example/restore")
    if age is not None:
        assert "ines@huntaze.example" in restore.words[0].told
        assert str(TODAY - timedelta(days=age)) in restore.words[0].told
    if age == 31:
        assert str(TODAY - timedelta(days=1)) in restore.words[0].told


def test_the_first_run_has_nothing_to_compare_with() -> None:
    assert report(good()).changes is None


def test_where_nothing_has_changed_nothing_is_told() -> None:
    assert report(good(), report(good())).changes == []


def test_what_has_become_wrong_and_what_is_not_so_any_more() -> None:
    bad = good() | {"databases us-east-2": finding(public=True, single=False, none=False)}
    worse = good() | {"databases us-east-2": finding(public=True, single=True, none=False)}
    (change,) = report(bad, report(good())).changes or []
    assert (change.row, change.before, change.after) == ("network", "OK", "NOK")
    assert (change.appeared, change.gone) == (["A database is public (us-east-2)"], [])
    (change,) = report(worse, report(bad)).changes or []
    assert (change.before, change.after, change.appeared) == ("NOK", "NOK", ["A database is in one zone (us-east-2)"])
    (change,) = report(good(), report(worse)).changes or []
    assert (change.before, change.after) == ("NOK", "OK")
    assert change.gone == ["A database is public (us-east-2)", "A database is in one zone (us-east-2)"]


def test_what_nobody_knows_any_more_is_not_told_to_be_over() -> None:
    bad = good() | {"databases us-east-2": finding(public=True, single=True, none=False)}
    denied = {"error": "ClientError", "cause": DENIED}
    (change,) = report(good() | {"databases us-east-2": denied}, report(bad)).changes or []
    assert (change.before, change.after, change.appeared, change.gone) == ("NOK", "TODO", [], [])
    assert change.lost == ["A database is public (us-east-2)", "A database is in one zone (us-east-2)"]
    half = good() | {"databases us-east-2": finding(public=True, single=None, none=False)}
    (change,) = report(half, report(bad)).changes or []
    assert (change.before, change.after, change.gone) == ("NOK", "NOK", [])
    assert change.lost == ["A database is in one zone (us-east-2)"]


def test_the_last_report_of_another_version_ends_no_audit() -> None:
    known = report(good()).model_dump(mode="json")
    with_more = known | {"changes": [{"row": "iam"}], "since": "later"}
    assert readiness.report(audited(), REGIONS, good(), with_more).changes == []
    for of_another in ({}, known | {"rows": [{"name": "iam", "status": "FINE"}]}):
        assert readiness.report(audited(), REGIONS, good(), of_another).changes is None


def test_the_counts_are_told_the_worst_first() -> None:
    assert report(good() | {"keys": finding(old=True)}).result == "1 NOK, 1 TODO, 2 OK"
