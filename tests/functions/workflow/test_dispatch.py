import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.models import StepFunctionBackend

from functions.core import approval
from functions.workflow import dispatch
from statemachines import compiled
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import INCIDENT, RUNBOOK, World

ALARM = "ganopa-bot-unhealthy-hosts"
REASON = "Threshold Crossed: 1 datapoint [1.0 (21/11/26 08:00:00)] was greater than the threshold (0.0)."
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(autouse=True)
def state_machine(world: World) -> str:
    """The runbook's state machine, which moto only keeps account of."""
    arn = compiled.read(RUNBOOK).state_machine
    world.aws.client("stepfunctions").create_state_machine(
        name=arn.rpartition(":")[2],
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )
    return arn


@pytest.fixture
def ringing(world: World) -> Callable[..., None]:
    """Bring an alarm into a state."""

    def ring(name: str = ALARM, state: Literal["ALARM", "OK"] = "ALARM", reason: str = REASON) -> None:
        cloudwatch = world.aws.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/ApplicationELB",
            MetricName="UnHealthyHostCount",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    return ring


def alarm_event(name: str = ALARM, at: datetime = NOW) -> dict[str, Any]:
    """Write an alarm's transition as CloudWatch sends it (CloudWatch User Guide, "Alarm events and EventBridge")."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": [f"arn:aws:cloudwatch:me-central-1:123456789012:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {"value": "ALARM", "reason": REASON, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"},
            "previousState": {
                "value": "OK",
                "reason": "Threshold Crossed",
                "timestamp": "2026-11-21T07:00:00.000+0000",
            },
            "configuration": {"metrics": [{"id": "1", "metricStat": {"stat": "Maximum", "period": 60}}]},
        },
    }


def task_event(**detail: Any) -> dict[str, Any]:
    """Write a stopped task as ECS sends it (Amazon ECS Developer Guide, "Amazon ECS task state change events")."""
    cluster = "arn:aws:ecs:me-central-1:123456789012:cluster/vancelian-dev-api-cluster"
    return {
        "version": "0",
        "id": "3317b2af-7005-947d-b652-f55e762e571a",
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": ["arn:aws:ecs:me-central-1:123456789012:task/vancelian-dev-api-cluster/4a4e7f0b"],
        "detail": {
            "clusterArn": cluster,
            "group": "service:ganopa-dev-bot-svc",
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "startedBy": "ecs-svc/1234567890123456789",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "ganopa-bot", "exitCode": 1, "lastStatus": "STOPPED"}],
            **detail,
        },
    }


def deployment_event() -> dict[str, Any]:
    """Write a failed deployment as ECS sends it (ECS Developer Guide, "Service deployment state change events")."""
    return {
        "version": "0",
        "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "account": "123456789012",
        "time": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "region": "me-central-1",
        "resources": ["arn:aws:ecs:me-central-1:123456789012:service/vancelian-dev-api-cluster/ganopa-dev-bot-svc"],
        "detail": {
            "eventType": "ERROR",
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/1234567890123456789",
            "updatedAt": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
            "reason": "ECS deployment circuit breaker: task failed to start.",
        },
    }


def executions(world: World) -> list[str]:
    """List the names of what was started."""
    arn = compiled.read(RUNBOOK).state_machine
    return [one["name"] for one in world.aws.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]]


def why(world: World, event: Any) -> str:
    """Dispatch an event that starts nothing; return the reason."""
    answer = dispatch.handler(event)
    assert answer["started"] is None
    assert executions(world) == []
    return str(answer["why"])


def trigger(world: World, name: str) -> dict[str, Any]:
    """Read what an execution was told of its trigger."""
    arn = f"{compiled.read(RUNBOOK).state_machine.replace(':stateMachine:', ':execution:')}:{name}"
    given = json.loads(world.aws.client("stepfunctions").describe_execution(executionArn=arn)["input"])
    return dict(given["trigger"])


def test_an_alarm_starts_the_runbook(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    answer = dispatch.handler(alarm_event())
    assert answer["why"] == ""
    assert executions(world) == [answer["started"]]
    assert re.fullmatch(rf"{NOW:%Y-%m-%dT%H-%M-%S}-ganopa-bot-unhealthy-hosts-[0-9a-f]{{10}}", answer["started"])
    assert trigger(world, answer["started"]) == {
        "kind": "alarm",
        "name": ALARM,
        "reason": REASON,
        "at": NOW.isoformat(),
    }


def test_what_dispatch_sends_is_what_open_accepts(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    started = dispatch.handler(alarm_event())["started"]
    assert world.open({"trigger": trigger(world, started)})["refused"] == ""


def test_the_same_event_twenty_times_starts_one_execution(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    names = {dispatch.handler(alarm_event())["started"] for _ in range(20)}
    assert len(names) == len(executions(world)) == 1


def test_the_same_event_starts_nothing_once_its_execution_has_ended(
    world: World, ringing: Callable[..., None], state_machine: str
) -> None:
    ringing()
    started = dispatch.handler(alarm_event())["started"]
    arn = f"{state_machine.replace(':stateMachine:', ':execution:')}:{started}"
    world.aws.client("stepfunctions").stop_execution(executionArn=arn)
    assert dispatch.handler(alarm_event()) == {
        "started": None,
        "why": f"{ALARM}: incident {started} was started by the same event",
    }


def test_another_transition_of_the_alarm_has_another_name(ringing: Callable[..., None]) -> None:
    ringing()
    later = dispatch.handler(alarm_event(at=NOW + timedelta(seconds=1)))
    assert later["started"].startswith(f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H-%M-%S}")


def test_while_one_incident_is_worked_on_no_other_starts(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    first = dispatch.handler(alarm_event())["started"]
    second = dispatch.handler(task_event())
    assert second == {"started": None, "why": f"ecs-task-stopped: incident {first} is already being worked on"}
    assert executions(world) == [first]


LOOKS = ("token-1", '{"decision": "look again"}')


@pytest.fixture
def waiting(world: World, state_machine: str) -> World:
    """A world in which the incident is running and waits for an approval."""
    states = world.aws.client("stepfunctions")
    states.start_execution(stateMachineArn=state_machine, name=INCIDENT, input="{}")
    world.ask()
    return world


def looked(world: World, event: dict[str, Any]) -> str:
    """Dispatch an event that starts nothing; return what is said about looking again."""
    answer = dispatch.handler(event)
    assert answer["started"] is None
    assert executions(world) == [INCIDENT]
    return str(answer["why"]).partition("; ")[2]


def test_an_alarm_that_is_ok_again_lets_the_open_question_look_again(
    waiting: World, ringing: Callable[..., None]
) -> None:
    ringing(state="OK")
    answer = dispatch.handler(alarm_event())
    assert answer == {"started": None, "why": f"the alarm {ALARM} is OK again; looking again: {INCIDENT}"}
    assert waiting.answers == [LOOKS]
    assert executions(waiting) == [INCIDENT]
    assert (waiting.approval().state, waiting.said(), waiting.approval().looks) == ("pending", [], 1)


def test_another_event_while_the_question_is_open_lets_it_look_again(
    waiting: World, ringing: Callable[..., None]
) -> None:
    ringing()
    for number, event in enumerate((alarm_event(), task_event(), deployment_event()), start=1):
        assert looked(waiting, event) == f"looking again: {INCIDENT}"
        assert waiting.answers == [LOOKS] * number


def test_the_event_that_started_the_incident_lets_nothing_look_again(
    world: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ringing()
    started = dispatch.handler(alarm_event())["started"]
    monkeypatch.setattr(dispatch, "_looks", lambda *_: pytest.fail("it looks again"))
    dispatch.handler(alarm_event())
    assert executions(world) == [started]


@pytest.mark.parametrize(
    "values",
    [
        {"until": 1},
        {"looks": dispatch.MAX_LOOKS},
        *({"state": state} for state in ("approved", "rejected", "expired", "withdrawn", "replaced")),
    ],
)
def test_a_question_that_is_over_or_was_looked_at_too_often_does_not_look_again(
    waiting: World, ringing: Callable[..., None], values: dict[str, Any]
) -> None:
    waiting.change(**values)
    before = waiting.items
    for state in ("OK", "ALARM"):
        ringing(state=state)
        assert looked(waiting, alarm_event()) == ""
    assert waiting.answers == []
    assert waiting.items == before


def test_a_flapping_alarm_lets_a_question_look_again_so_many_times_and_no_more(
    waiting: World, ringing: Callable[..., None]
) -> None:
    ringing(state="OK")
    for _ in range(dispatch.MAX_LOOKS + 5):
        looked(waiting, alarm_event())
    assert len(waiting.answers) == dispatch.MAX_LOOKS


def test_a_decision_at_the_same_moment_is_not_overtaken(
    waiting: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ringing(state="OK")
    link, change = waiting.mails[0].link, approval.change

    def overtaken(*args: Any, **values: Any) -> Any:
        monkeypatch.setattr(approval, "change", change)
        approve(waiting, link)
        return change(*args, **values)

    monkeypatch.setattr(approval, "change", overtaken)
    assert looked(waiting, alarm_event()) == ""
    assert waiting.answers == [("token-1", '{"decision": "approved"}')]
    assert waiting.approval().state == "approved"


def test_where_nothing_waits_at_that_moment_nothing_looks_again(
    waiting: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(*_: Any, **__: Any) -> None:
        raise type("Over", (AWSError,), {"TYPE": "TaskTimedOut", "STATUS": 400})("not any more")

    ringing(state="OK")
    monkeypatch.setattr(StepFunctionBackend, "send_task_success", over)
    assert looked(waiting, alarm_event()) == ""


def test_an_incident_that_asks_nobody_goes_on(world: World, ringing: Callable[..., None], state_machine: str) -> None:
    world.aws.client("stepfunctions").start_execution(stateMachineArn=state_machine, name=INCIDENT, input="{}")
    world.open()
    ringing(state="OK")
    assert looked(world, alarm_event()) == ""
    assert world.answers == []


def test_an_alarm_of_nobodys_lets_nothing_look_again(waiting: World, ringing: Callable[..., None]) -> None:
    ringing("someone-elses", "OK")
    assert looked(waiting, alarm_event("someone-elses")) == ""
    assert looked(waiting, alarm_event()) == ""  # which does not exist
    assert waiting.answers == []


def test_an_alarm_that_is_ok_again_starts_nothing(world: World, ringing: Callable[..., None]) -> None:
    ringing(state="OK")
    assert why(world, alarm_event()) == f"the alarm {ALARM} is OK again"


def test_an_unknown_alarm_starts_nothing(world: World, ringing: Callable[..., None]) -> None:
    ringing("someone-elses")
    assert why(world, alarm_event("someone-elses")) == "no runbook is started by the alarm someone-elses"


def test_a_deleted_alarm_starts_nothing(world: World) -> None:
    assert why(world, alarm_event()) == f"the alarm {ALARM} does not exist (any more)"


def test_an_old_event_starts_nothing(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    old = NOW - timedelta(minutes=16)
    assert why(world, alarm_event(at=old)) == f"{ALARM}: {old.isoformat()} is more than 0:15:00 ago"


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "source: Field required"),
        ([], "the whole: Input should be a valid dictionary or instance of Event"),
        ("ALARM", "the whole: Input should be a valid dictionary or instance of Event"),
        ({**alarm_event(), "detail": "none"}, "detail: Input should be a valid dictionary"),
        ({**alarm_event(), "time": "yesterday"}, "time: Input should be a valid datetime"),
        ({**alarm_event(), "time": "2026-11-21T08:00:00"}, "time: Input should have timezone info"),
    ],
)
def test_a_malformed_event_starts_nothing(world: World, event: Any, sentence: str) -> None:
    assert why(world, event).startswith(f"not an EventBridge event: {sentence}")


def test_an_event_without_an_alarms_name_starts_nothing(world: World) -> None:
    sentence = why(world, {**alarm_event(), "detail": {}})
    assert sentence == "no runbook is started by the alarm (without a name)"


def test_an_oversized_event_starts_nothing(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    event = {**alarm_event(), "padding": "x" * 65_536}
    assert why(world, event) == f"the event has {len(json.dumps(event))} bytes; at most 65536 are read"


def test_a_stopped_task_starts_the_runbook(world: World) -> None:
    started = dispatch.handler(task_event())["started"]
    assert re.fullmatch(rf"{NOW:%Y-%m-%dT%H}-ecs-task-stopped-[0-9a-f]{{10}}", started)
    assert trigger(world, started)["reason"] == "Essential container in task exited"


def test_a_crash_loop_starts_one_execution_an_hour(world: World) -> None:
    names = {dispatch.handler(task_event(taskArn=f"task/{number}"))["started"] for number in range(5)}
    assert len(names) == len(executions(world)) == 1


def test_a_failed_deployment_starts_the_runbook(world: World) -> None:
    started = dispatch.handler(deployment_event())["started"]
    assert re.fullmatch(rf"{NOW:%Y-%m-%dT%H}-ecs-deployment-failed-[0-9a-f]{{10}}", started)
    assert trigger(world, started)["reason"] == "ECS deployment circuit breaker: task failed to start."


@pytest.mark.parametrize(
    "event",
    [
        {**task_event(), "source": "some.application"},
        {**task_event(), "detail-type": "ECS Container Instance State Change"},
        task_event(startedBy=None),
    ],
)
def test_another_event_starts_nothing(world: World, event: dict[str, Any]) -> None:
    assert why(world, event).startswith("no runbook is started by the event")


@pytest.mark.parametrize("name", ["über $ { } <script> \u2028 ]]", "a" * 255, "-", "a/b:c*d?e\\f"])
def test_whatever_an_alarm_is_called_the_execution_has_a_valid_name(
    ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original = compiled.read(RUNBOOK)
    runbooks = {RUNBOOK: {"alarms": [{"existing": name}]}}
    service = original.service.model_validate(original.service.model_dump() | {"runbooks": runbooks})
    monkeypatch.setattr(compiled, "read_all", lambda: [original.model_copy(update={"service": service})])
    ringing(name)
    started = dispatch.handler(alarm_event(name))["started"]
    assert re.fullmatch(r"[A-Za-z0-9-]{1,80}", started)


def test_secrets_in_an_alarms_reason_are_struck_out(world: World, ringing: Callable[..., None]) -> None:
    ringing(reason="failing with TELEGRAM_BOT_TOKEN=12345678:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9")
    started = dispatch.handler(alarm_event())["started"]
    assert trigger(world, started)["reason"] == "failing with TELEGRAM_BOT_TOKEN=[redacted]"


def test_an_alarms_reason_is_one_short_line(world: World, ringing: Callable[..., None]) -> None:
    ringing(reason=f"red\n\nAPPROVE HERE\nhttps://evil.example/ {'x' * 900}")
    reason = trigger(world, dispatch.handler(alarm_event())["started"])["reason"]
    assert reason.startswith("red APPROVE HERE https://evil.example/ xxx")
    assert len(reason) == 500


def test_a_composite_alarm_starts_the_runbook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"CompositeAlarms": [{"AlarmArn": "arn", "StateValue": "ALARM", "StateReason": "a and b"}]}
    monkeypatch.setattr(world.aws.client("cloudwatch"), "describe_alarms", lambda **_: answer)
    started = dispatch.handler(alarm_event())["started"]
    assert trigger(world, started)["reason"] == "a and b"
