"""What starts the chain, and what may not: on the deployed template."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from functions.core import occasions, stops
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.events import put_event
from sandbox.world import World
from tests.system.run import SECONDS, SERVICE, Run, Watch, stop_executions

DISPATCH = f"{SERVICE.name}-dispatch"
UNHEALTHY = f"{SERVICE.name}-unhealthy-hosts"
STORM = 24

REFUSED = {
    "unknown word": ({"modus": "fix"}, "modus"),
    "unknown mode": ({"mode": "repair"}, "mode"),
    "unknown parameter": ({"parameters": {"cluster": "another"}}, "parameters.cluster"),
    "wrong type": ({"parameters": {"health_url": 5}}, "parameters.health_url"),
    "another host": ({"parameters": {"health_url": "https://example.com/"}}, "parameters.health_url"),
    "no object": (["fix"], "input"),
    "too long": ({"mode": "x" * 9_000}, "8192"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_fails_at_once_with_a_sentence(sandbox: Sandbox, world: World, name: str) -> None:
    given, told = REFUSED[name]
    world.break_("desired-zero")
    run = Run.by_hand(sandbox, given)
    ended = run.end()
    assert (ended["status"], ended["error"]) == ("FAILED", "BadInput")
    assert told in ended["cause"]
    assert run.states == ["Open", "Accepted?", "Refused"]
    assert run.record == {}


def test_nothing_given_on_a_healthy_service_ends_healthy(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    run = Run.by_hand(sandbox)
    assert run.end()["outcome"] == "healthy"
    assert "Ask for approval" not in run.states


def test_diagnose_changes_nothing_and_asks_nobody(sandbox: Sandbox, world: World) -> None:
    before = len(sandbox.mailbox.messages())
    watch = Watch(sandbox)
    world.break_("wrong-health-path")
    watch.next()
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox, {"mode": "diagnose"})
    assert run.end()["outcome"] == "diagnosed"
    assert run.diagnosis.causes[0].name == "health-check-wrong"
    assert not {"Ask for approval", "Lock target"} & set(run.states)
    assert not [mail for mail in sandbox.mailbox.messages()[before:] if run.incident in mail.body]
    assert not world.healthy()


def test_override_reaches_the_check(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    run = Run.by_hand(
        sandbox, {"mode": "diagnose", "parameters": {"health_url": "https://api.maisonganopa.com/nothing"}}
    )
    found = run.until("Check health")["health"]
    assert (found["facts"]["status"], found["signals"]["failing"]) == (404, True)
    run.end()


def test_one_transition_delivered_twenty_times_starts_one_execution(sandbox: Sandbox, world: World) -> None:
    moments = [datetime.now(UTC).isoformat()] * 20
    started, reasons = _delivered(sandbox, world, moments)
    assert (len(started), reasons) == (1, {"", "duplicate"})


def test_alarm_that_is_ok_again_starts_nothing(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    answer = _dispatch(sandbox, _alarm_event(UNHEALTHY, datetime.now(UTC).isoformat()))
    assert (answer["started"], answer["reason"]) == (None, "over")
    assert UNHEALTHY in answer["why"]


def test_old_event_starts_nothing(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    watch = Watch(sandbox)
    at = datetime.now(UTC) - timedelta(minutes=SERVICE.event_minutes + 1)
    answer = _dispatch(sandbox, _alarm_event(UNHEALTHY, at.isoformat()))
    assert (answer["started"], answer["reason"]) == (None, "stale")
    assert watch.new() == []


def test_storm_of_events_of_one_target_opens_one_incident_that_counts_them(sandbox: Sandbox, world: World) -> None:
    watch = Watch(sandbox)
    world.break_("closed-port")
    run = watch.next()
    run.asked()
    before = occasions.counted(run.everything)
    for number in range(STORM):
        _task_stopped(f"storm-{number}")
    world.wait_until(lambda: occasions.counted(run.everything) >= before + STORM, 60)
    assert watch.new() == [run.execution]
    assert run.everything["occurrences"]["last"]["kind"] in {"alarm", "event"}


def test_storm_with_no_incident_starts_one_execution(sandbox: Sandbox, world: World) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    moments = [(at + timedelta(seconds=number)).isoformat() for number in range(STORM)]
    started, reasons = _delivered(sandbox, world, moments * 2)
    assert len(started) == 1
    assert {"", "counted"} <= reasons <= {"", "counted", "duplicate"}


@pytest.mark.parametrize("kept", ["muted", "stopped"])
def test_muted_alarm_or_pulled_switch_starts_nothing_and_the_table_says_so(
    sandbox: Sandbox, world: World, kept: str
) -> None:
    watch = Watch(sandbox)
    with _muted(sandbox) if kept == "muted" else _stopped(sandbox):
        world.break_("closed-port")
        world.wait_until(lambda: kept in _unstarted(sandbox), SECONDS)
    assert watch.new() == []


def test_stopped_task_and_failed_deployment_call_the_runbook(sandbox: Sandbox, world: World) -> None:
    watch, before = Watch(sandbox), len(sandbox.logs(DISPATCH))
    world.break_("missing-variable")
    for kind in ("ecs-task-stopped", "ecs-deployment-failed"):
        world.wait_until(partial(_called, sandbox, watch, before, kind), 20)


def _called(sandbox: Sandbox, watch: Watch, before: int, kind: str) -> bool:
    """Say whether an event of a kind started an execution, or was counted for one that is at work already."""
    counted = [line for line in sandbox.logs(DISPATCH)[before:] if '"reason":"counted"' in line and kind in line]
    return bool(counted) or any(kind in execution for execution in watch.new())


def _delivered(sandbox: Sandbox, world: World, moments: list[str]) -> tuple[set[str], set[str]]:
    """Deliver transitions of a ringing alarm at once, and nothing else; return what started, and all reasons."""
    watch = Watch(sandbox)
    world.break_("closed-port")
    watch.next().asked()
    world.wait_until(lambda: UNHEALTHY in world.alarms.ringing(), SECONDS)
    with world.alarms.paused():
        world.wait_until(lambda: sandbox.idle and not stop_executions(sandbox), SECONDS)
        watch = Watch(sandbox)
        with ThreadPoolExecutor(len(moments)) as threads:
            answers = list(threads.map(lambda moment: _dispatch(sandbox, _alarm_event(UNHEALTHY, moment)), moments))
    started = {answer["started"] for answer in answers} - {None}
    assert {Run(sandbox, execution).incident for execution in watch.new()} == started
    return started, {answer["reason"] for answer in answers}


@contextmanager
def _muted(sandbox: Sandbox) -> Iterator[None]:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=list(SERVICE.alarms))
    try:
        yield
    finally:
        cloudwatch.enable_alarm_actions(AlarmNames=list(SERVICE.alarms))


@contextmanager
def _stopped(sandbox: Sandbox) -> Iterator[None]:
    switch = {"Name": stops.ONE_SERVICE.format(service=SERVICE.name), "Overwrite": True}
    sandbox.client("ssm").put_parameter(**switch, Value="migration")
    try:
        yield
    finally:
        sandbox.client("ssm").put_parameter(**switch, Value=stops.GO)


def _unstarted(sandbox: Sandbox) -> set[str]:
    """List the reasons for which events of today started nothing."""
    found = incidents(sandbox, SERVICE.name).history(f"unstarted#{datetime.now(UTC):%Y-%m-%d}", "event#")
    return {one["reason"] for one in found}


def _task_stopped(task: str) -> None:
    """Let ECS tell, through the service's rule, that a task has stopped."""
    cluster = SERVICE.resources["cluster"]
    place = f"arn:aws:ecs:{SERVICE.region}:{SERVICE.account}"
    detail = {
        "clusterArn": f"{place}:cluster/{cluster}",
        "group": f"service:{SERVICE.resources['ecs_service']}",
        "lastStatus": "STOPPED",
        "startedBy": f"ecs-svc/{task}",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
    }
    put_event("aws.ecs", "ECS Task State Change", detail, [f"{place}:task/{cluster}/{task}"])


def _alarm_event(name: str, at: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "6f87d04b-9f74-4f04-a780-7acf4b0a9b38",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": SERVICE.account,
        "time": at,
        "region": SERVICE.region,
        "resources": [f"arn:aws:cloudwatch:{SERVICE.region}:{SERVICE.account}:alarm:{name}"],
        "detail": {"alarmName": name, "state": {"value": "ALARM", "reason": "Threshold Crossed", "timestamp": at}},
    }


def _dispatch(sandbox: Sandbox, event: dict[str, Any]) -> dict[str, Any]:
    answer = sandbox.client("lambda").invoke(FunctionName=DISPATCH, Payload=json.dumps(event))
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    return told
