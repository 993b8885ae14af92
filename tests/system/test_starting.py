"""What starts the chain, and what may not: on the deployed template."""

import json
from functools import partial
from typing import Any

import pytest

from sandbox.cloud import Sandbox
from sandbox.world import World
from tests.system.run import SECONDS, SERVICE, Run, Watch

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
    watch = Watch(sandbox)
    world.break_("closed-port")
    run = watch.next()
    run.asked()
    event = _event(run)
    world.wait_until(partial(_rings, sandbox, run), 30)  # a 5xx alarm may fall back for a moment
    answers = [_dispatch(sandbox, event) for _ in range(20)]
    assert {answer["started"] for answer in answers} <= {run.incident, None}
    assert watch.new() == [run.execution]


def test_alarm_that_is_ok_again_starts_nothing(sandbox: Sandbox, world: World) -> None:
    assert world.healthy()
    event = _alarm_event("ganopa-bot-unhealthy-hosts", "2026-11-21T09:00:00.000+0000")
    answer = _dispatch(sandbox, event)
    assert answer["started"] is None
    assert "OK again" in answer["why"]


def test_stopped_task_and_failed_deployment_call_the_runbook(sandbox: Sandbox, world: World) -> None:
    watch = Watch(sandbox)
    world.break_("missing-variable")
    for kind in ("ecs-task-stopped", "ecs-deployment-failed"):
        world.wait_until(partial(_called, sandbox, watch, kind), 20)


def _called(sandbox: Sandbox, watch: Watch, kind: str) -> bool:
    """Say whether an event of a kind started an execution, or was told that one is at work already."""
    told = [line for line in sandbox.logs(f"{SERVICE.name}-dispatch") if f"{kind}: incident" in line]
    return bool(told) or any(kind in execution for execution in watch.new())


def _event(run: Run) -> dict[str, Any]:
    trigger = run.record["trigger"]
    assert trigger["kind"] == "alarm", trigger
    return _alarm_event(trigger["name"], trigger["at"])


def _rings(sandbox: Sandbox, run: Run) -> bool:
    name = run.record["trigger"]["name"]
    state = sandbox.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]
    return bool(state == "ALARM")


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
    function = f"{SERVICE.name}-dispatch"
    answer = sandbox.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    return told
