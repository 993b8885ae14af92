import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.models import StepFunctionBackend

from functions.core import alarms, approval, occasions, stops, token
from functions.workflow import dispatch
from statemachines import compiled
from tests.functions.workflow.conftest import Overtaken, Rules
from tests.functions.workflow.events import ALARM, NOW, REASON, alarm_event, deployment_event, ring, task_event
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.test_close_incident import metrics
from tests.functions.workflow.world import FIRST, INCIDENT, RUNBOOK, World

FOREIGN = {**task_event(), "source": "some.application"}


pytestmark = pytest.mark.usefixtures("state_machine")


@pytest.fixture(autouse=True)
def mute_rules(world: World, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:  # noqa: ARG001 (moto first)
    """The rules that mute the alarm, by their status; moto knows none."""
    rules: list[dict[str, str]] = []

    def answer(response: CloudWatchResponse) -> ActionResult:
        assert response._get_param("AlarmName")  # noqa: SLF001
        asked = response._get_param("Statuses")  # noqa: SLF001
        return ActionResult({"AlarmMuteRuleSummaries": [one for one in rules if one["Status"] in asked]})

    monkeypatch.setattr(CloudWatchResponse, "list_alarm_mute_rules", answer, raising=False)
    return rules


@pytest.fixture
def ringing(world: World) -> Callable[..., None]:
    """Bring an alarm into a state."""
    return partial(ring, world.aws)


def executions(world: World) -> list[str]:
    """List the names of what was started."""
    arn = compiled.read(RUNBOOK).state_machine
    return [one["name"] for one in world.aws.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]]


def why(world: World, event: Any) -> str:
    """Dispatch an event that starts nothing; return the reason, which the table holds as well."""
    answer = dispatch.handler(event)
    assert answer["started"] is None
    assert executions(world) == []
    assert unstarted(world)[-1]["why"] == answer["why"]
    return str(answer["why"])


def unstarted(world: World) -> list[dict[str, Any]]:
    """List what the table says of events that started nothing."""
    return world.incidents.history(f"unstarted#{datetime.now(UTC):%Y-%m-%d}", "event#")


def occurrences(world: World, incident: str) -> int:
    """Say how many events an incident was about."""
    return occasions.counted(world.incidents.everything(incident))


def composite(world: World, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Make every alarm one of other alarms, which moto's DescribeAlarms does not tell as AWS does."""
    alarm = {"AlarmArn": "arn", "StateValue": "ALARM", "StateReason": "a and b", "ActionsEnabled": True, **values}
    monkeypatch.setattr(world.aws.client("cloudwatch"), "describe_alarms", lambda **_: {"CompositeAlarms": [alarm]})


def trigger(world: World, name: str) -> dict[str, Any]:
    """Read what was written down about an execution's trigger."""
    written = world.incidents.get(name, "trigger") or {}
    return {word: written[word] for word in ("kind", "name", "reason", "at", "event")}


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
        "event": trigger(world, answer["started"])["event"],
    }


def test_what_dispatch_sends_is_what_open_accepts(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    started = dispatch.handler(alarm_event())["started"]
    assert world.open({"trigger": trigger(world, started)})["refused"] == ""


def test_the_same_event_twenty_times_starts_one_execution(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    started = [dispatch.handler(alarm_event())["started"] for _ in range(20)]
    assert executions(world) == [one for one in started if one] == started[:1]
    assert occurrences(world, started[0]) == 1


def test_the_same_event_starts_nothing_once_its_execution_has_ended(
    world: World, ringing: Callable[..., None], state_machine: str
) -> None:
    ringing()
    started = dispatch.handler(alarm_event())["started"]
    arn = f"{state_machine.replace(':stateMachine:', ':execution:')}:{started}"
    world.aws.client("stepfunctions").stop_execution(executionArn=arn)
    occasions.release(world.incidents, compiled.read(RUNBOOK), started)
    assert dispatch.handler(alarm_event()) == {
        "started": None,
        "reason": "duplicate",
        "why": f"{ALARM}: incident {started} was started by the same event",
    }
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == ""


def test_another_transition_of_the_alarm_has_another_name(ringing: Callable[..., None]) -> None:
    ringing()
    later = dispatch.handler(alarm_event(at=NOW + timedelta(seconds=1)))
    assert later["started"].startswith(f"{NOW + timedelta(seconds=1):%Y-%m-%dT%H-%M-%S}")


def test_while_one_incident_is_worked_on_no_other_starts(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    first = dispatch.handler(alarm_event())["started"]
    second = dispatch.handler(task_event())
    assert (second["reason"], second["started"]) == ("counted", None)
    assert second["why"] == f"ecs-task-stopped: incident {first} is already being worked on"
    assert executions(world) == [first]
    assert occurrences(world, first) == 2


LOOKS = ("token-1", '{"decision": "look again"}')


@pytest.fixture
def waiting(world: World, state_machine: str) -> World:
    """A world in which the incident is running and waits for an approval."""
    states = world.aws.client("stepfunctions")
    states.start_execution(stateMachineArn=state_machine, name=INCIDENT, input="{}")
    occasions.claim(world.aws, compiled.read(RUNBOOK), INCIDENT)
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
    assert answer["why"] == f"the alarm {ALARM} is OK again; looking again: {INCIDENT}"
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
    before = waiting.question()
    for state in ("OK", "ALARM"):
        ringing(state=state)
        assert looked(waiting, alarm_event()) == ""
    assert waiting.answers == []
    assert waiting.question() == before


def test_a_flapping_alarm_lets_a_question_look_again_so_many_times_and_no_more(
    waiting: World, ringing: Callable[..., None]
) -> None:
    ringing(state="OK")
    for _ in range(dispatch.MAX_LOOKS + 5):
        looked(waiting, alarm_event())
    assert len(waiting.answers) == dispatch.MAX_LOOKS


def test_a_decision_at_the_same_moment_is_not_overtaken(
    waiting: World, ringing: Callable[..., None], overtaken: Overtaken
) -> None:
    ringing(state="OK")
    overtaken(lambda: approve(waiting, waiting.mails[0].link))
    assert looked(waiting, alarm_event()) == ""
    assert waiting.answers == [("token-1", '{"decision": "approved"}')]
    assert waiting.approval().state == "approved"


def test_an_update_while_the_question_takes_its_next_token_is_not_lost(
    waiting: World, ringing: Callable[..., None], overtaken: Overtaken
) -> None:
    ringing(state="OK")
    asked = waiting.approval()
    sealed = token.sealed(waiting.aws, "token-2", asked.incident, asked.round)
    overtaken(lambda: approval.keep(waiting.incidents, asked, token=sealed))
    assert "looking again" in looked(waiting, alarm_event())
    assert waiting.answers == [("token-2", LOOKS[1])]
    assert waiting.approval().looks == 1


def test_while_it_is_looking_whoever_asks_next_looks_once_more(
    waiting: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(*_: Any, **__: Any) -> None:
        raise type("Over", (AWSError,), {"TYPE": "TaskTimedOut", "STATUS": 400})("not any more")

    ringing(state="OK")
    with monkeypatch.context() as patch:
        patch.setattr(StepFunctionBackend, "send_task_success", over)
        assert looked(waiting, alarm_event()) == f"looking again: {INCIDENT}"
    assert (waiting.answers, waiting.approval().missed) == ([], True)
    mails = len(waiting.mails)
    waiting.call(FIRST, token="token-2")
    assert waiting.answers == [("token-2", LOOKS[1])]
    assert not waiting.approval().missed
    waiting.call(FIRST, token="token-3")
    assert len(waiting.answers) == 1
    assert len(waiting.mails) == mails


def test_what_was_decided_while_it_was_looking_is_not_looked_at_again(
    waiting: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ringing(state="OK")
    with monkeypatch.context() as patch:
        patch.setattr("functions.core.waiting.answer", lambda *_: False)
        assert looked(waiting, alarm_event()) == f"looking again: {INCIDENT}"
    waiting.change(state="approved")
    waiting.change(told=False)
    waiting.call(FIRST, token="token-2")
    assert [json.loads(said) for _, said in waiting.answers] == [{"decision": "approved"}]


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
    first, *later = [dispatch.handler(task_event(f"task-{number}")) for number in range(5)]
    assert executions(world) == [first["started"]]
    assert {one["why"] for one in later} == {
        f"ecs-task-stopped: incident {first['started']} was started for the same reason"
    }
    assert occurrences(world, first["started"]) == 5


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
    composite(world, monkeypatch)
    started = dispatch.handler(alarm_event())["started"]
    assert trigger(world, started)["reason"] == "a and b"


def counted(capsys: pytest.CaptureFixture[str], event: Any) -> tuple[str, str]:
    """Dispatch an event; return the name of the metric and the reason in its dimensions."""
    capsys.readouterr()
    dispatch.handler(event)
    told = metrics(capsys.readouterr().out)
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    (metric,) = directive["Metrics"]
    assert [sorted(names) for names in directive["Dimensions"]] == [["reason", "service"]]
    assert (directive["Namespace"], metric["Unit"], told["service"]) == ("Runbooks", "Count", "ganopa-bot")
    assert told[metric["Name"]] == [1.0]
    return metric["Name"], told["reason"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({}, "malformed"),
        ({**alarm_event(), "padding": "x" * 65_536}, "too large"),
        (FOREIGN, "unknown"),
        (alarm_event("someone-elses"), "unknown"),
        (alarm_event(at=NOW - timedelta(hours=1)), "stale"),
    ],
)
def test_what_was_not_started_is_kept_for_a_month_and_counted(
    world: World, capsys: pytest.CaptureFixture[str], event: Any, reason: str
) -> None:
    assert counted(capsys, event) == ("Not started", reason)
    (item,) = unstarted(world)
    assert item["reason"] == reason
    assert item["source"] == event.get("source", "")
    assert item["name"] == (event.get("detail", {}).get("alarmName") or event.get("detail-type", ""))
    assert abs(item["expires"] - time.time() - 30 * 86_400) < 5


def test_what_is_counted_in_an_incident_is_a_metric_too(
    world: World, ringing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    ringing()
    dispatch.handler(alarm_event())
    assert counted(capsys, alarm_event()) == ("Not started", "duplicate")
    assert counted(capsys, task_event()) == ("Not started", "counted")
    assert unstarted(world) == []


def test_the_same_event_is_kept_once(world: World) -> None:
    for _ in range(5):
        dispatch.handler(FOREIGN)
    assert len(unstarted(world)) == 1
    dispatch.handler({**FOREIGN, "id": "another"})
    assert len(unstarted(world)) == 2


def test_secrets_in_what_was_not_started_are_struck_out(world: World) -> None:
    dispatch.handler(alarm_event("TELEGRAM_BOT_TOKEN=12345678:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9"))
    assert "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9" not in str(world.items)


def test_an_event_delivered_twice_is_counted_once(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    incident = dispatch.handler(alarm_event())["started"]
    assert [dispatch.handler(task_event())["why"] for _ in range(2)] == [
        f"ecs-task-stopped: incident {incident} is already being worked on",
        f"ecs-task-stopped: the same event was counted for incident {incident}",
    ]
    assert occurrences(world, incident) == 2


def test_a_duplicate_does_not_use_up_what_stepfunctions_lets_be_described(
    ringing: Callable[..., None], requests: list[str]
) -> None:
    ringing()
    for _ in range(3):
        dispatch.handler(alarm_event())
    assert "DescribeExecution" not in requests


def test_the_same_event_twice_looks_again_once(waiting: World) -> None:
    for _ in range(3):
        dispatch.handler(task_event())
    assert waiting.answers == [LOOKS]


def test_the_last_event_stands_in_the_incidents_record(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    incident = dispatch.handler(alarm_event())["started"]
    dispatch.handler(task_event())
    stored = world.incidents.get(incident, occasions.OCCURRENCES) or {}
    assert (stored["count"], stored["last"]["name"]) == (2, "ecs-task-stopped")
    assert datetime.fromisoformat(stored["last_at"]) <= datetime.now(UTC)


@pytest.mark.parametrize(("minutes", "started"), [(1, 1), (4, 1), (6, 0), (600, 0)])
def test_a_service_says_how_old_an_event_may_be(
    world: World, ringing: Callable[..., None], rules: Rules, minutes: int, started: int
) -> None:
    rules(also={"event_minutes": 5})
    ringing()
    answer = dispatch.handler(alarm_event(at=datetime.now(UTC) - timedelta(minutes=minutes)))
    assert (bool(answer["started"]), len(executions(world))) == (started, started)


def test_an_event_from_the_future_starts_nothing(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    assert why(world, alarm_event(at=datetime.now(UTC) + timedelta(minutes=6))).endswith("is yet to come")


def test_clocks_may_differ_by_some_minutes(ringing: Callable[..., None]) -> None:
    ringing()
    assert dispatch.handler(alarm_event(at=datetime.now(UTC) + timedelta(minutes=4)))["started"]


def test_an_alarm_whose_actions_are_switched_off_starts_nothing(
    world: World, ringing: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    ringing()
    world.aws.client("cloudwatch").disable_alarm_actions(AlarmNames=[ALARM])
    assert counted(capsys, alarm_event()) == ("Not started", "muted")
    assert why(world, alarm_event()) == f"the alarm {ALARM} is muted: its actions are switched off"


@pytest.mark.parametrize("values", [{}, {"ActionsSuppressedReason": "deployment is in ALARM"}])
def test_a_suppressed_composite_alarm_starts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    composite(world, monkeypatch, ActionsSuppressedBy="Alarm", **values)
    told = values.get("ActionsSuppressedReason", "Alarm")
    assert why(world, alarm_event()) == f"the alarm {ALARM} is muted: its actions are suppressed: {told}"


def test_a_composite_alarm_whose_actions_are_switched_off_starts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    composite(world, monkeypatch, ActionsEnabled=False)
    assert "its actions are switched off" in why(world, alarm_event())


def test_an_alarm_that_an_active_rule_mutes_starts_nothing(
    world: World, ringing: Callable[..., None], mute_rules: list[dict[str, str]]
) -> None:
    ringing()
    arn = "arn:aws:cloudwatch:me-central-1:123456789012:alarm-mute-rule:deployment"
    mute_rules.append({"AlarmMuteRuleArn": arn, "Status": "ACTIVE"})
    assert why(world, alarm_event()) == f"the alarm {ALARM} is muted: the rule deployment is active"


@pytest.mark.parametrize("status", ["SCHEDULED", "EXPIRED"])
def test_a_rule_that_is_not_active_mutes_nothing(
    world: World, ringing: Callable[..., None], mute_rules: list[dict[str, str]], status: str
) -> None:
    ringing()
    mute_rules.append({"AlarmMuteRuleArn": "arn", "Status": status})
    assert dispatch.handler(alarm_event())["started"]
    assert len(executions(world)) == 1


@pytest.mark.parametrize("operation", ["describe_alarms", "list_alarm_mute_rules"])
def test_where_it_cannot_be_read_whether_an_alarm_is_muted_lambda_has_to_try_again(
    world: World, ringing: Callable[..., None], monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def refuse(*_: Any) -> None:
        raise JsonRESTError("AccessDenied", "as the test wants it")

    ringing()
    monkeypatch.setattr(CloudWatchResponse, operation, refuse, raising=False)
    with pytest.raises(ClientError, match="AccessDenied"):
        dispatch.handler(alarm_event())
    assert executions(world) == []


def test_where_cloudwatch_does_not_say_whether_an_alarm_is_muted_lambda_has_to_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = {"MetricAlarms": [{"StateValue": alarms.RINGING}]}
    monkeypatch.setattr(world.aws.client("cloudwatch"), "describe_alarms", lambda **_: answer)
    with pytest.raises(KeyError, match="ActionsEnabled"):
        dispatch.handler(alarm_event())
    assert executions(world) == []


@pytest.mark.parametrize("event", [alarm_event(), task_event(), deployment_event()])
@pytest.mark.parametrize("switch", stops.switches("ganopa-bot"))
def test_a_kill_switch_lets_nothing_start(
    world: World, ringing: Callable[..., None], capsys: pytest.CaptureFixture[str], switch: str, event: dict[str, Any]
) -> None:
    ringing()
    world.switch("migration until noon", switch)
    assert counted(capsys, event) == ("Not started", "stopped")
    assert why(world, event).endswith("migration until noon")
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == ""


def test_a_kill_switch_that_is_missing_lets_nothing_start(world: World, ringing: Callable[..., None]) -> None:
    ringing()
    world.switch(None)
    assert "is missing" in why(world, alarm_event())


def test_what_a_kill_switch_held_back_starts_when_it_is_delivered_again(
    world: World, ringing: Callable[..., None]
) -> None:
    ringing()
    world.switch("wait")
    assert why(world, alarm_event())
    world.switch(stops.GO)
    assert dispatch.handler(alarm_event())["started"]
