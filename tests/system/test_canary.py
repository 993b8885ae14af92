"""The canary of Huntaze on the deployed template: how its app is, told from what its health endpoints really answer."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple, cast

import pytest

from sandbox.cloud import Sandbox
from sandbox.deployed import incidents, let_hours_pass
from sandbox.huntaze import SANDBOX_SECRET, Huntaze
from sandbox.huntaze_site import PASSWORD
from sandbox.incidents import BY_SERVICE
from sandbox.watch import executions, next_execution
from statemachines import load
from tests.system.run import SECONDS, Run, stop_executions
from tests.system.shell import typed
from tests.system.watching import Watch, states

SERVICE, RUNBOOK = load.services()["huntaze"], "app_health"
MACHINE, ALARM = SERVICE.state_machine_arn(RUNBOOK), "huntaze-app-health"
pytestmark = pytest.mark.parametrize("sandbox", ["huntaze"], indirect=True)


class Told(NamedTuple):
    """The level, the cause, and the initials of what the checklist marks."""

    level: str
    cause: str
    marked: str


TOLD = {
    "app-unreachable": Told("critical", "unreachable", "AECDS"),
    "app-dead": Told("critical", "not-alive", "AEC"),
    "app-config": Told("degraded", "config-broken", "EC"),
    "app-database": Told("degraded", "database-away", "ED"),
    "app-auth": Told("degraded", "auth-broken", "ES"),
    "app-cache": Told("warning", "something-else", "E"),
}


@pytest.fixture
def healthy(sandbox: Sandbox) -> Iterator[Huntaze]:
    """The app, all well, no incident open, and no alarm that rings; so again afterwards."""
    system = cast("Huntaze", sandbox.system(SERVICE.name))
    _calm(sandbox, system)
    yield system
    _calm(sandbox, system)


def _calm(sandbox: Sandbox, system: Huntaze) -> None:
    system.heal()
    stop_executions(sandbox)
    if set(states(sandbox, SERVICE).values()) != {"OK"}:
        Watch(sandbox, SERVICE)
        system.wait_until(lambda: set(states(sandbox, SERVICE).values()) == {"OK"}, SECONDS)
    system.wait_until(lambda: sandbox.idle and not stop_executions(sandbox), SECONDS)
    let_hours_pass(sandbox, SERVICE.name)


def failing(watch: Watch) -> str:
    """Write the initials of the checklist's lines that are not ok."""
    titles = dict(zip(watch.lines, "AECDS", strict=True))
    return "".join(titles[title] for title, line in watch.lines.items() if line["mark"] != "ok")


@pytest.mark.usefixtures("sandbox")
def test_every_incident_of_the_app_is_in_a_table() -> None:
    about = {name for name, one in BY_SERVICE[SERVICE.name].items() if one.runbook == RUNBOOK}
    assert TOLD.keys() == about
    assert {one.cause for one in TOLD.values()} == {cause.name for cause in load.runbooks()[RUNBOOK].causes}


@pytest.mark.usefixtures("healthy")
def test_all_well_is_normal_and_the_daily_mail_has_all_values(sandbox: Sandbox) -> None:
    watch = Watch(sandbox, SERVICE, daily=True)
    assert (watch.level, failing(watch), watch.report["called_for"]) == ("normal", "", {RUNBOOK: False}), watch.report
    assert (watch.counted("Watch"), watch.counted("Level"), watch.counted("LevelUnknown")) == (1, 0, 0)
    assert [mail.to for mail in watch.mails] == list(SERVICE.approvers)
    for mail in watch.mails:
        assert all(re.search(rf"{line['title']}\s?: {line['value']} ", mail.body) for line in watch.lines.values())
    assert {line["value"][:3] for line in watch.lines.values()} == {"200"}
    assert Watch(sandbox, SERVICE).mails == []
    assert set(states(sandbox, SERVICE).values()) == {"OK"}


@pytest.mark.parametrize("name", [name for name, told in TOLD.items() if told.level != "warning"])
def test_what_is_more_than_a_warning_tells_people_once(sandbox: Sandbox, healthy: Huntaze, name: str) -> None:
    told, known = TOLD[name], executions(sandbox, MACHINE)
    healthy.break_(name)
    watch = Watch(sandbox, SERVICE)
    assert (watch.level, watch.report["may_be_worse"], failing(watch)) == (told.level, False, told.marked)
    assert watch.counted("Unwell", runbook=RUNBOOK) == 1
    run = Run(sandbox, next_execution(sandbox, MACHINE, SECONDS, known), SERVICE)
    report = run.end()
    assert (report["outcome"], report["level"], run.record["trigger"]["name"]) == ("manual", told.level, ALARM)
    first, *others = run.diagnosis.causes
    assert (first.name, first.standing) == (told.cause, "confirmed")
    assert {cause.standing for cause in others} == {"ruled out"}
    assert [len(run.mails(to)) for to in SERVICE.approvers] == [1] * len(SERVICE.approvers)
    assert all(first.manual in run.mail(to).body for to in SERVICE.approvers)
    Watch(sandbox, SERVICE)
    assert [one for one in executions(sandbox, MACHINE) if one not in known] == [run.execution]


def test_overall_alone_is_a_warning_of_which_nobody_is_mailed_at_night(sandbox: Sandbox, healthy: Huntaze) -> None:
    known = executions(sandbox, MACHINE)
    healthy.break_("app-cache")
    watch = Watch(sandbox, SERVICE)
    assert (watch.level, watch.report["called_for"], watch.mails) == ("warning", {RUNBOOK: False}, [])
    assert failing(watch) == TOLD["app-cache"].marked
    (todo,) = Watch(sandbox, SERVICE, daily=True).report["todo"]
    assert "/api/health/overall" in todo
    assert executions(sandbox, MACHINE) == known


def test_it_is_normal_again_by_itself(sandbox: Sandbox, healthy: Huntaze) -> None:
    known = executions(sandbox, MACHINE)
    healthy.break_("app-database")
    assert Watch(sandbox, SERVICE).level == "degraded"
    Run(sandbox, next_execution(sandbox, MACHINE, SECONDS, known), SERVICE).end()
    healthy.heal()
    watch = Watch(sandbox, SERVICE)
    assert (watch.level, watch.counted("Unwell", runbook=RUNBOOK)) == ("normal", 0)
    healthy.wait_until(lambda: set(states(sandbox, SERVICE).values()) == {"OK"}, SECONDS)


def test_who_looks_by_hand_reads_the_level_and_nobody_is_mailed(sandbox: Sandbox, healthy: Huntaze) -> None:
    for name, level in (("", "normal"), ("app-cache", "warning"), ("app-dead", "critical")):
        if name:
            healthy.break_(name)
        sent = len(sandbox.mailbox.messages())
        report = Run.by_hand(sandbox, service=SERVICE, runbook=RUNBOOK).end()
        assert (report["level"], report["status"]) == (level, "SUCCEEDED")
        assert report["seen"].keys() == load.runbooks()[RUNBOOK].checks.keys()
        assert len(sandbox.mailbox.messages()) == sent


@pytest.mark.parametrize("name", ["app-unreachable", "app-dead", "app-config"])
def test_the_commands_that_people_are_told_work_and_show_no_value(
    sandbox: Sandbox, healthy: Huntaze, name: str
) -> None:
    healthy.break_(name)
    report = Run.by_hand(sandbox, service=SERVICE, runbook=RUNBOOK).end()
    commands = re.findall(r"^aws .+", "\n".join(report["todo"]), re.MULTILINE)
    printed = [json.loads(typed(sandbox, f"{command} --output json")) for command in commands]
    shown = [{"jobSummaries"}] if name == "app-unreachable" else [{"FEATURE_SET"}, {"NODE_ENV"}]
    assert [names <= {*told} for names, told in zip(shown, printed, strict=True)] == [True] * len(shown)
    assert SANDBOX_SECRET not in json.dumps(printed)


def test_what_a_failing_app_says_too_much_is_nowhere(sandbox: Sandbox, healthy: Huntaze) -> None:
    known = executions(sandbox, MACHINE)
    healthy.break_("app-database")
    watch = Watch(sandbox, SERVICE, daily=True)
    run = Run(sandbox, next_execution(sandbox, MACHINE, SECONDS, known), SERVICE)
    run.end()
    told = [sandbox.everything_logged(), *(mail.subject + mail.body for mail in sandbox.mailbox.messages())]
    for one in (watch.run, run):
        pages = sandbox.client("stepfunctions").get_paginator("get_execution_history")
        told += [json.dumps(page, default=str) for page in pages.paginate(executionArn=one.execution)]
    table = incidents(sandbox, SERVICE.name)
    told.append(json.dumps(table.dynamodb.scan(TableName=table.table)["Items"]))
    assert any("db.internal" in text for text in told), "nobody has told what the app says"
    assert [text for text in told if PASSWORD in text] == []
