"""Storms: whatever EventBridge delivers how often in whichever order, one target has one incident."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.responses import ActionResult

from functions.core import occasions, stops
from functions.core.incidents import Incidents
from functions.core.occasions import STARTING
from functions.workflow import dispatch
from statemachines import compiled
from statemachines.compiled import Compiled
from tests.functions.workflow.events import ALARM, NOW, alarm_event, deployment_event, ring, task_event
from tests.functions.workflow.world import RUNBOOK, World

ALARMS = (ALARM, "ganopa-bot-load-balancer-5xx")
AT_ONCE = 16


@pytest.fixture(autouse=True)
def storm(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both alarms ring; each request is atomic, as on AWS, and between two of them every other thread may run."""
    one_at_a_time, process = threading.RLock(), BotocoreStubber.process_request

    def alone(stubber: BotocoreStubber, request: Any) -> Any:
        with one_at_a_time:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", alone)
    no_rules = ActionResult({"AlarmMuteRuleSummaries": []})
    monkeypatch.setattr(CloudWatchResponse, "list_alarm_mute_rules", lambda _: no_rules, raising=False)
    for service in ("cloudwatch", "dynamodb", "ssm", "stepfunctions", "kms"):
        world.aws.client(service)  # making clients is nothing that threads may do at once
    for name in ALARMS:
        ring(world.aws, name)
    make(world, compiled.read(RUNBOOK))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let claims look at a clock that is ahead: `aged(timedelta(seconds=61))`."""

    def ahead(by: timedelta) -> None:
        clock = SimpleNamespace(now=lambda zone: datetime.now(zone) + by, fromisoformat=datetime.fromisoformat)
        monkeypatch.setattr(occasions, "datetime", clock)

    return ahead


def left(world: World, incident: str) -> None:
    """Let an incident have claimed the target minutes ago, whose execution was never started."""
    values = {"holder": incident, "at": (datetime.now(UTC) - 2 * STARTING).isoformat()}
    world.incidents.create(f"target#ganopa-bot/{RUNBOOK}", occasions.CLAIM, values)


def make(world: World, runbook: Compiled) -> None:
    """Make a runbook's state machine, which moto only keeps account of."""
    world.aws.client("stepfunctions").create_state_machine(
        name=runbook.state_machine.rpartition(":")[2],
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )


def executions(world: World, runbook: Compiled | None = None) -> list[str]:
    """List the names of what was started."""
    arn = (runbook or compiled.read(RUNBOOK)).state_machine
    return [one["name"] for one in world.aws.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]]


def occurrences(world: World, incident: str) -> int:
    """Say how many events an incident was about."""
    return occasions.counted(world.incidents.everything(incident))


def deliver(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dispatch events, many at once."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(dispatch.handler, events))


def stop(world: World, incident: str) -> None:
    """Stop an execution from outside."""
    arn = f"{compiled.read(RUNBOOK).service.execution_arn(RUNBOOK)}:{incident}"
    world.aws.client("stepfunctions").stop_execution(executionArn=arn)


def transitions(count: int) -> list[dict[str, Any]]:
    """Make different events of one target: alarms at different times, tasks, deployments."""
    kinds: list[Callable[[int], dict[str, Any]]] = [
        lambda number: alarm_event(ALARMS[0], NOW - timedelta(seconds=number)),
        lambda number: alarm_event(ALARMS[1], NOW - timedelta(seconds=number)),
        lambda number: task_event(f"task-{number}", startedBy=f"ecs-svc/{number}"),
        lambda number: deployment_event() | {"resources": [f"deployment-{number}"]},
    ]
    return [kinds[number % len(kinds)](number) for number in range(count)]


def test_the_same_transition_delivered_a_thousand_times_starts_one_execution(world: World) -> None:
    answers = deliver([alarm_event()] * 1_000)
    (incident,) = executions(world)
    assert Counter(one["started"] for one in answers) == {incident: 1, None: 999}
    assert occurrences(world, incident) == 1
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == incident


def test_the_same_transition_delivered_after_its_incident_has_closed_starts_nothing(world: World) -> None:
    incident = dispatch.handler(alarm_event())["started"]
    stop(world, incident)
    occasions.release(world.incidents, compiled.read(RUNBOOK), incident)
    deliver([alarm_event()] * 50)
    assert executions(world) == [incident]
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == ""


def test_two_hundred_transitions_of_one_target_open_one_incident_that_counts_them(world: World) -> None:
    answers = deliver(transitions(200) * 2)
    (incident,) = executions(world)
    assert Counter(one["started"] for one in answers) == {incident: 1, None: 399}
    assert occurrences(world, incident) == 200


def test_two_hundred_targets_open_two_hundred_incidents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    original = compiled.read(RUNBOOK)
    services = [original.service.model_copy(update={"name": f"target-{number}"}) for number in range(200)]
    targets = [original.model_copy(update={"service": service}) for service in services]
    monkeypatch.setattr(compiled, "read_all", lambda: targets)
    for one in targets:
        ring(world.aws, f"{one.service.name}-unhealthy-hosts")
        make(world, one)
        world.aws.client("ssm").put_parameter(Name=stops.switches(one.service.name)[1], Value=stops.GO, Type="String")
    answers = deliver([alarm_event(f"{one.service.name}-unhealthy-hosts") for one in targets])
    assert [[answer["started"]] for answer in answers] == [executions(world, one) for one in targets]
    assert len({answer["started"] for answer in answers}) == 200


@pytest.mark.parametrize("write", ["create", "update"])
def test_two_transitions_at_the_same_instant_start_one_execution(
    world: World, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    if write == "update":
        left(world, "gone")
    both_are_about_to, writes = threading.Barrier(2, timeout=10), getattr(Incidents, write)
    waited = set[int]()

    def together(incidents: Incidents, incident: str, item: str, *values: Any, **expected: Any) -> None:
        if item == occasions.CLAIM and threading.get_ident() not in waited:
            waited.add(threading.get_ident())
            both_are_about_to.wait()
        writes(incidents, incident, item, *values, **expected)

    monkeypatch.setattr(Incidents, write, together)
    answers = deliver([alarm_event(ALARMS[0]), alarm_event(ALARMS[1])])
    assert len(executions(world)) == 1
    assert sorted(bool(one["started"]) for one in answers) == [False, True]


def test_a_target_that_is_given_back_at_this_moment_is_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    left(world, "ends")
    runbook, update = compiled.read(RUNBOOK), Incidents.update

    def given_back(incidents: Incidents, *of: Any, **expected: Any) -> None:
        occasions.release(incidents, runbook, "ends")
        update(incidents, *of, **expected)

    monkeypatch.setattr(Incidents, "update", given_back)
    assert occasions.claim(world.aws, runbook, "begins") == ("begins", True)


def crash(monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]) -> None:
    """Dispatch an event, and crash between its claim and its start."""

    class Crashed(Exception):
        pass

    def crashes(*_: Any) -> None:
        raise Crashed

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "_begin", crashes)
        with pytest.raises(Crashed):
            dispatch.handler(event)


def test_after_a_crash_before_the_start_the_same_event_starts_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    crash(monkeypatch, alarm_event())
    assert executions(world) == []
    assert dispatch.handler(alarm_event())["started"] == executions(world)[0]


def test_after_a_crash_before_the_start_another_event_is_counted_for_a_minute_and_then_takes_over(
    world: World, monkeypatch: pytest.MonkeyPatch, aged: Callable[[timedelta], None]
) -> None:
    crash(monkeypatch, alarm_event())
    aged(STARTING - timedelta(seconds=1))
    assert dispatch.handler(task_event())["started"] is None
    aged(STARTING + timedelta(seconds=1))
    later = dispatch.handler(task_event("another"))["started"]
    assert executions(world) == [later]
    assert dispatch.handler(alarm_event())["why"] == f"{ALARM}: incident {later} is already being worked on"


def test_a_claim_from_the_future_of_a_wrong_clock_is_taken_over_too(
    world: World, monkeypatch: pytest.MonkeyPatch, aged: Callable[[timedelta], None]
) -> None:
    crash(monkeypatch, alarm_event())
    aged(-STARTING - timedelta(seconds=1))
    assert dispatch.handler(task_event())["started"] == executions(world)[0]


def test_an_incident_that_was_stopped_from_outside_holds_nothing(world: World) -> None:
    first = dispatch.handler(alarm_event())["started"]
    stop(world, first)
    second = dispatch.handler(task_event())["started"]
    assert sorted(executions(world)) == sorted([first, second])
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == second


def test_only_one_event_of_a_storm_takes_over_from_a_stopped_incident(world: World) -> None:
    first = dispatch.handler(alarm_event(at=NOW - timedelta(minutes=1)))["started"]
    stop(world, first)
    deliver(transitions(40))
    assert len(executions(world)) == 2


def test_an_event_that_arrives_while_the_incident_closes_starts_the_next_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = dispatch.handler(alarm_event())["started"]
    count = occasions.count

    def closing(*arguments: Any) -> bool:
        monkeypatch.setattr(occasions, "count", count)
        counted = count(*arguments)
        occasions.release(world.incidents, compiled.read(RUNBOOK), first)  # DescribeExecution may not know yet
        return counted

    monkeypatch.setattr(occasions, "count", closing)
    second = dispatch.handler(task_event())["started"]
    assert sorted(executions(world)) == sorted([first, second])


def test_who_only_diagnoses_swallows_no_alarm(world: World) -> None:
    world.open({"mode": "diagnose"})
    assert dispatch.handler(alarm_event())["started"] == executions(world)[0]


def test_whoever_repairs_by_hand_is_told_of_the_alarm_instead_of_a_second_incident(world: World) -> None:
    arn = compiled.read(RUNBOOK).state_machine
    started = world.aws.client("stepfunctions").start_execution(stateMachineArn=arn, name="by-hand", input="{}")
    incident = started["executionArn"].rpartition(":")[2]
    occasions.claim(world.aws, compiled.read(RUNBOOK), incident)
    assert dispatch.handler(alarm_event())["why"] == f"{ALARM}: incident by-hand is already being worked on"
    assert executions(world) == ["by-hand"]
    assert occurrences(world, "by-hand") == 1


def test_what_happens_while_the_record_is_not_there_yet_is_counted_all_the_same(world: World) -> None:
    incident = dispatch.handler(alarm_event())["started"]
    assert world.incidents.get(incident) is None
    dispatch.handler(task_event())
    stored = world.incidents.get(incident, occasions.OCCURRENCES) or {}
    assert (stored["count"], stored["last"]["name"]) == (2, "ecs-task-stopped")
    assert datetime.fromisoformat(stored["last_at"]) <= datetime.now(UTC)
