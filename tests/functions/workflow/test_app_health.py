"""The canary's runbook: what each answer of the app's health endpoints comes to."""

from pathlib import Path
from typing import Any

import pytest

from functions.core.checklist import lines
from functions.core.diagnosis import Diagnosis, Findings, diagnose
from functions.workflow import report_watch
from statemachines import compiled, load
from tests.functions.workflow.world import World, findings

RUNBOOK = "app_health"
PARTS = ("overall", "config", "database", "auth")
CHECKS = ("alive", *PARTS)
SILENT = tuple(f"{check}.{signal}" for check in CHECKS for signal in ("failing", "unreachable"))
# What is true, the level that it comes to, and the causes that are confirmed; every other one is ruled out
ROWS: dict[str, tuple[tuple[str, ...], str, list[str]]] = {
    "all well": ((), "normal", []),
    "nothing answers": (SILENT, "critical", ["unreachable"]),
    "only the liveness gives no answer": (("alive.failing", "alive.unreachable"), "critical", ["unreachable"]),
    "not alive": (("alive.failing",), "critical", ["not-alive"]),
    "not alive, and overall says so": (("alive.failing", "overall.failing"), "critical", ["not-alive"]),
    "not alive, and nothing else is well": (tuple(f"{one}.failing" for one in CHECKS), "critical", ["not-alive"]),
    "the database": (("database.failing", "overall.failing"), "degraded", ["database-away"]),
    "the database hangs": (
        ("database.failing", "database.unreachable", "overall.failing", "overall.unreachable"),
        "degraded",
        ["database-away"],
    ),
    "the sign-in": (("auth.failing", "overall.failing"), "degraded", ["auth-broken"]),
    "the configuration": (("config.failing", "overall.failing"), "degraded", ["config-broken"]),
    "a part, and overall does not say so": (("auth.failing",), "degraded", ["auth-broken"]),
    "what the others may need comes first": (
        ("auth.failing", "database.failing", "config.failing", "overall.failing"),
        "degraded",
        ["config-broken", "database-away", "auth-broken"],
    ),
    "overall alone": (("overall.failing",), "warning", ["something-else"]),
    "overall alone gives no answer": (("overall.failing", "overall.unreachable"), "warning", ["something-else"]),
}
MANUAL = {
    "unreachable": ("d33l77zi1h78ce.amplifyapp.com/api/health gives no HTTP answer (dns)", "aws amplify list-jobs"),
    "not-alive": ("/api/health answers 503", '--query "keys(branch.environmentVariables)"'),
    "config-broken": ("The app is alive", '--query "keys(branch.environmentVariables)"'),
    "database-away": ("The app is alive: do not restart or redeploy it for this", "Look at the database"),
    "auth-broken": ("If its configuration or its database is away too, see to that first", "the sign-in logs"),
    "something-else": ("/api/health/overall says", "watch it closely"),
}
FACTS = {check: {"status": 503, "latency_ms": 41, "error": "dns"} for check in CHECKS}


@pytest.fixture
def package(packages: dict[str, Path]) -> Path:
    """The package of the service whose app it is."""
    return packages["huntaze"]


def diagnosed(*true: str, **more: Any) -> Diagnosis:
    """Diagnose from what is true."""
    read = compiled.read(RUNBOOK)
    found = Findings(findings(*true, runbook=RUNBOOK, facts=FACTS, **more), read.questions)
    return diagnose(read.runbook, found, read.service.resources)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.usefixtures("world")
def test_every_answer_comes_to_its_level_and_its_causes(name: str) -> None:
    true, level, causes = ROWS[name]
    diagnosis = diagnosed(*true)
    assert (diagnosis.level, diagnosis.may_be_worse, diagnosis.healthy) == (level, False, level == "normal")
    assert [cause.name for cause in diagnosis.confirmed] == causes
    assert {cause.standing for cause in diagnosis.causes[len(causes) :]} <= {"ruled out"}


def test_every_cause_and_every_signal_that_is_looked_at_stands_in_a_row() -> None:
    runbook = load.runbooks()[RUNBOOK]
    true = {signal for signals, _, _ in ROWS.values() for signal in signals}
    assert {cause.name for cause in runbook.causes} == {one for _, _, causes in ROWS.values() for one in causes}
    assert {signal for cause in runbook.causes for signal in cause.signals} | {*runbook.validation.signals} <= true
    assert set(runbook.checks) == set(CHECKS)


@pytest.mark.parametrize("name", MANUAL)
@pytest.mark.usefixtures("world")
def test_who_is_told_reads_what_to_do(name: str) -> None:
    true = next(signals for signals, _, causes in ROWS.values() if causes == [name])
    (cause,) = diagnosed(*true).confirmed
    assert [words for words in MANUAL[name] if words not in " ".join(cause.manual.split())] == []
    assert "unknown" not in cause.manual


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.usefixtures("world")
def test_what_one_check_cannot_see_is_never_normal(check: str) -> None:
    diagnosis = diagnosed(failed=[check])
    assert (diagnosis.level, diagnosis.may_be_worse, diagnosis.healthy) == ("unknown", True, None)


@pytest.mark.usefixtures("world")
def test_of_an_app_of_which_nobody_knows_whether_it_is_alive_no_part_is_said_to_be_away() -> None:
    diagnosis = diagnosed("database.failing", "overall.failing", failed=["alive"])
    assert (diagnosis.level, diagnosis.confirmed) == ("unknown", [])
    standing = {cause.name: cause.standing for cause in diagnosis.causes}
    assert standing["database-away"] == standing["not-alive"] == standing["unreachable"] == "possible"


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.usefixtures("world")
def test_the_checklist_marks_what_is_not_well_as_badly_as_its_level_says(name: str) -> None:
    true, _, _ = ROWS[name]
    read = compiled.read(RUNBOOK)
    found = Findings(findings(*true, runbook=RUNBOOK, facts=FACTS), read.questions)
    marks = [line.mark for line in lines(read, found, {})]
    failing = [f"{check}.failing" in true for check in CHECKS]
    assert marks == [
        ("warning" if check == "overall" else "wrong") if wrong else "ok"
        for check, wrong in zip(CHECKS, failing, strict=True)
    ]


@pytest.mark.parametrize(("name", "called"), [("all well", False), ("overall alone", False), ("the database", True)])
def test_people_are_told_where_it_is_more_than_a_warning(world: World, name: str, called: bool) -> None:  # noqa: FBT001
    true, level, _ = ROWS[name]
    found = findings(*true, runbook=RUNBOOK, facts=FACTS)
    report = report_watch.handler({"watch": "w-1", "daily": True, "findings": found})
    assert (report["level"], report["called_for"]) == (level, {RUNBOOK: called})
    assert [mail.to for mail in world.mails] == list(load.services()["huntaze"].approvers)
    assert "[ok] Alive: 503 after 41 ms (normal: 200)" in world.mails[0].text
