"""The watch of Harena on the deployed template, started as its schedules would: what it tells, and what it starts."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox import harena
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents, let_hours_pass
from sandbox.harena import PASSWORD, Harena
from sandbox.incidents import BY_SERVICE
from sandbox.watch import executions, next_execution
from statemachines import load
from tests.system import watching
from tests.system.run import SECONDS, Run, stop_executions
from tests.system.watching import states

SERVICE = load.services()["harena"]
SERVICES = SERVICE.resources["services"]
ALARM, RUNBOOK = "harena-service-unhealthy", "service_unhealthy"


class Watch(watching.Watch):
    """One watch of Harena that has ended."""

    def __init__(self, sandbox: Sandbox, *, daily: bool = False) -> None:
        super().__init__(sandbox, SERVICE, daily=daily)

    @property
    def marks(self) -> set[str]:
        """The marks of all lines that are about now; that of the day looks back at other tests."""
        return {line["mark"] for line in list(self.lines.values())[:1] + list(self.lines.values())[2:]}


@pytest.fixture
def healthy(sandbox: Sandbox, deployed_harena: Harena) -> Iterator[Harena]:
    """The host, all well, no incident open, and no alarm that rings; so again afterwards."""
    _calm(sandbox, deployed_harena)
    yield deployed_harena
    _calm(sandbox, deployed_harena)


def _calm(sandbox: Sandbox, host: Harena) -> None:
    host.heal()
    stop_executions(sandbox)
    if set(states(sandbox, SERVICE).values()) != {"OK"}:
        Watch(sandbox)
        sandbox.world.wait_until(lambda: set(states(sandbox, SERVICE).values()) == {"OK"}, SECONDS)
    sandbox.world.wait_until(lambda: sandbox.idle and not stop_executions(sandbox), SECONDS)
    let_hours_pass(sandbox, SERVICE.name)


def test_all_well_is_normal_and_the_daily_mail_has_all_values(sandbox: Sandbox, healthy: Harena) -> None:
    watch = Watch(sandbox, daily=True)
    assert (watch.level, watch.marks) == ("normal", {"ok"}), watch.report
    assert (watch.counted("Watch"), watch.counted("Level"), watch.counted("LevelUnknown")) == (1, 0, 0)
    assert [mail.to for mail in watch.mails] == list(SERVICE.approvers)
    for mail in watch.mails:
        assert "harena" in mail.subject
        assert len(mail.subject) < 100
        assert [name for name in SERVICES if name not in mail.body] == []
        assert all(line["title"] in mail.body and line["value"] in mail.body for line in watch.lines.values())
        assert [one for one in SERVICE.resources["endpoints"] if one not in mail.body] == []
    tried = healthy.container("user_service").log_file.read_text()
    assert f"POST /{SERVICE.resources['login'].partition('/')[2]} 200" in tried
    assert Watch(sandbox).mails == []


def test_a_host_that_needs_more_memory_than_is_normal_is_a_warning(sandbox: Sandbox, healthy: Harena) -> None:
    machine = healthy.host.machine
    machine.memory_system += machine.memory_available() - int(machine.memory_size * 0.125)
    watch = Watch(sandbox, daily=True)
    assert watch.level == "warning", watch.report
    assert watch.marks == {"ok", "warning"}
    (line,) = [line for line in watch.lines.values() if line["mark"] == "warning"]
    assert line["value"] == "87 %"
    assert re.search(rf"{line['title']}\s?: 87 % ", watch.mails[0].body)
    assert watch.counted("Memory") == 87
    assert set(states(sandbox, SERVICE).values()) == {"OK"}


def test_one_service_that_is_not_well_is_degraded_and_starts_its_runbook(sandbox: Sandbox, healthy: Harena) -> None:
    machine = SERVICE.state_machine_arn(RUNBOOK)
    known = executions(sandbox, machine)
    healthy.break_image("metric_service")
    watch = Watch(sandbox)
    assert (watch.level, watch.counted("Level")) == ("degraded", 2), watch.report
    assert watch.counted("Unwell", runbook=RUNBOOK) == 1
    run = Run(sandbox, next_execution(sandbox, machine, SECONDS, known), SERVICE)
    run.asked()
    assert run.record["trigger"]["name"] == ALARM
    assert {name for name, state in states(sandbox, SERVICE).items() if state == "ALARM"} == {ALARM}
    assert run.incident in Watch(sandbox, daily=True).mails[0].body
    healthy.heal()
    assert Watch(sandbox).counted("Unwell", runbook=RUNBOOK) == 0
    assert run.end()["outcome"] == "healthy", run.states
    assert run.question()["state"] == "withdrawn"


def test_several_services_that_are_down_are_critical_and_tell_people(sandbox: Sandbox, healthy: Harena) -> None:
    machine = SERVICE.state_machine_arn(RUNBOOK)
    known = executions(sandbox, machine)
    healthy.break_down("search_service", "budget_service")
    watch = Watch(sandbox)
    assert (watch.level, watch.counted("Level")) == ("critical", 3), watch.report
    run = Run(sandbox, next_execution(sandbox, machine, SECONDS, known), SERVICE)
    assert run.end()["outcome"] == "manual"


@pytest.mark.usefixtures("healthy")
def test_what_no_other_runbook_sees_to_is_told_to_people(sandbox: Sandbox) -> None:
    machine = SERVICE.state_machine_arn("host_health")
    known = executions(sandbox, machine)
    with _another_password(sandbox):
        watch = Watch(sandbox)
        assert watch.level == "degraded", watch.report
        run = Run(sandbox, next_execution(sandbox, machine, SECONDS, known), SERVICE)
        report = run.end()
    assert (report["outcome"], report["level"]) == ("manual", "degraded")
    assert [len(run.mails(to)) for to in SERVICE.approvers] == [1] * len(SERVICE.approvers)


@pytest.mark.parametrize("dead", ["break_agent", "break_node", "break_docker"])
def test_what_cannot_be_seen_is_unknown_never_normal_and_tells_people(
    sandbox: Sandbox, healthy: Harena, dead: str
) -> None:
    machines = [SERVICE.state_machine_arn(name) for name in SERVICE.watched if name != "host_health"]
    known = {machine: executions(sandbox, machine) for machine in machines}
    getattr(healthy, dead)()
    watch = Watch(sandbox, daily=True)
    assert watch.level == "unknown", watch.report
    assert (watch.counted("Level"), watch.counted("LevelUnknown"), watch.counted("Watch")) == (None, 1, 1)
    assert watch.counted("Unwell", runbook=RUNBOOK) == 1
    assert watch.marks == ({"ok", "unknown"} if dead == "break_docker" else {"unknown"})
    assert len(watch.mails) == len(SERVICE.approvers)
    started = [next_execution(sandbox, machine, SECONDS, known[machine]) for machine in machines]
    runs = [Run(sandbox, execution, SERVICE) for execution in started]
    assert sorted(run.end()["outcome"] for run in runs) == ["joined"] * (len(runs) - 1) + ["manual"]
    mailed = {(mail.to, mail.body) for run in runs for to in SERVICE.approvers for mail in run.mails(to)}
    assert len(mailed) == len(SERVICE.approvers)


BLIND = {*SERVICE.watched} - {"host_health"}  # its level is unknown, and of the others only one tells people
CALLED_FOR = {
    "localhost-port": {"port_bound_to_localhost"},
    "unpublished-port": {"port_bound_to_localhost"},
    "service-down": {"service_unhealthy"},
    "service-hanging": {"service_unhealthy"},
    "broken-image": {"service_unhealthy"},
    "service-missing": {"service_unhealthy"},
    "several-down": {"service_unhealthy"},
    "greedy-service": {"memory_saturated"},
    "greedy-system": {"memory_saturated"},
    "build-cache": {"disk_saturated"},
    "old-images": {"disk_saturated"},
    "old-releases": {"disk_saturated"},
    "large-logs": {"disk_saturated"},
    "disk-of-data": {"disk_saturated"},
    "agent-dead": BLIND,
    "node-offline": BLIND,
    "docker-silent": BLIND,
}


@pytest.mark.parametrize("name", BY_SERVICE["harena"])
def test_every_incident_calls_for_its_own_runbook_and_no_other(sandbox: Sandbox, healthy: Harena, name: str) -> None:
    healthy.break_(name)
    called = {runbook for runbook, call in Watch(sandbox).report["called_for"].items() if call}
    assert called == CALLED_FOR[name]


def test_who_looks_by_hand_reads_the_level_and_nobody_is_mailed(sandbox: Sandbox, healthy: Harena) -> None:
    for break_, level in ((None, "normal"), (healthy.break_down, "degraded")):
        if break_:
            break_()
        sent = len(sandbox.mailbox.messages())
        report = Run.by_hand(sandbox, service=SERVICE, runbook="host_health").end()
        assert (report["level"], report["status"]) == (level, "SUCCEEDED")
        assert len(report["seen"]) == len(load.runbooks()["host_health"].checks)
        assert len(sandbox.mailbox.messages()) == sent


@pytest.mark.usefixtures("healthy")
def test_the_password_is_nowhere(sandbox: Sandbox) -> None:
    watch = Watch(sandbox, daily=True)
    hand = Run.by_hand(sandbox, service=SERVICE, runbook="host_health")
    hand.end()
    told = [sandbox.everything_logged(), *(mail.subject + mail.body for mail in sandbox.mailbox.messages())]
    for run in (watch.run, hand):
        pages = sandbox.client("stepfunctions").get_paginator("get_execution_history")
        told += [json.dumps(page, default=str) for page in pages.paginate(executionArn=run.execution)]
    table = incidents(sandbox, SERVICE.name)
    told.append(json.dumps(table.dynamodb.scan(TableName=table.table)["Items"]))
    told += [json.dumps(one, default=str) for one in _commands(sandbox)]
    assert any(SERVICE.resources["login_user"] in text for text in told), "nobody has tried to log in"
    assert [text for text in told if PASSWORD in text] == []


@contextmanager
def _another_password(sandbox: Sandbox) -> Iterator[None]:
    """Let the secret have another password than the user."""
    secrets, name = sandbox.client("secretsmanager"), SERVICE.resources["login_user"]
    before = secrets.get_secret_value(SecretId=name)["SecretString"]
    secrets.put_secret_value(SecretId=name, SecretString=before.replace(PASSWORD, "an older one"))
    try:
        yield
    finally:
        secrets.put_secret_value(SecretId=name, SecretString=before)


def _commands(sandbox: Sandbox) -> list[dict[str, Any]]:
    ssm = sandbox.client("ssm")
    sent = ssm.list_commands(InstanceId=harena.INSTANCE)["Commands"]
    ids = [one["CommandId"] for one in sent]
    return [*sent, *(ssm.get_command_invocation(CommandId=one, InstanceId=harena.INSTANCE) for one in ids)]
