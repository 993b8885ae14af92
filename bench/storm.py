"""What becomes of a storm of events: how many executions start, how many events are counted, and why others are not."""

import contextlib
import io
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from rich.console import Console

from bench import incident, rounds
from bench.incident import ALARM, ALARMS, MACHINE, RUNBOOK, SECONDS, SERVICE
from bench.report import Report, Row, seconds, show
from functions.core import stops
from functions.workflow import dispatch
from sandbox.cloud import Sandbox
from sandbox.deployed import incidents
from sandbox.watch import executions
from statemachines import compiled, load
from statemachines.compile import compiled as compile_
from statemachines.compiled import Compiled

Event = dict[str, Any]
Deliver = Callable[[Event], dict[str, Any]]

MANY, FEW, TARGETS = 1_000, 200, 200
AT_ONCE = 8
HEADINGS = ("", "deliveries", "started", "counted", "not started, and why", "seconds")
REST = {"StartAt": "Rest", "States": {"Rest": {"Type": "Succeed"}}}


def measure(sandbox: Sandbox) -> Report:
    """Deliver every storm; the service has to be deployed and healthy."""
    rows = [_storm(sandbox, "an alarm that is OK again", [_alarm(number) for number in range(FEW)])]
    rounds.broken(sandbox)
    rows = [
        _storm(sandbox, "one transition of an alarm", [_alarm()] * MANY),
        _storm(sandbox, "different events of one target", [_different(number) for number in range(FEW)]),
        _targets(sandbox),
        _storm(sandbox, "events of an hour ago", [_alarm(3600 + number) for number in range(FEW)]),
        *rows,
        _muted(sandbox),
    ]
    notes = [
        f"{AT_ONCE} at once, through the deployed function, while the chain works on the incident that the first one",
        f"starts. {TARGETS} targets: the same function in this process, two deliveries each; one stack is one service.",
    ]
    return Report("8. Storm", HEADINGS, rows, notes)


def _storm(sandbox: Sandbox, name: str, events: Sequence[Event]) -> Row:
    incident.stop(sandbox)
    before = set(executions(sandbox, MACHINE))
    row = _delivered(name, events, lambda event: _invoke(sandbox, event))
    started = set(executions(sandbox, MACHINE)) - before
    incident.stop(sandbox)
    return _row(*row, len(started))


def _muted(sandbox: Sandbox) -> Row:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=[ALARM])
    row = _storm(sandbox, "an alarm that is muted", [_alarm(number) for number in range(FEW)])
    cloudwatch.enable_alarm_actions(AlarmNames=[ALARM])
    return row


def _targets(sandbox: Sandbox) -> Row:
    """Deliver to as many targets as a stack never has: the function's own code, on the sandbox's AWS."""
    targets = [_target(sandbox, number) for number in range(TARGETS)]
    events = [_alarm(name=f"{one.service.name}-unhealthy-hosts") for one in targets] * 2
    environment = sandbox.environment | {"INCIDENTS_TABLE": incidents(sandbox, SERVICE).table}
    with (
        _silence(),
        mock.patch.dict(os.environ, environment),
        mock.patch.object(compiled, "read_all", return_value=targets),
        mock.patch.object(dispatch.handler, "session", None),
    ):
        dispatch.handler(_alarm(name="nobody's"))  # clients are not made by threads
        row = _delivered(f"{TARGETS} targets", events, dispatch.handler)
    return _row(*row, sum(len(executions(sandbox, one.state_machine)) for one in targets))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep from the table what the function tells CloudWatch."""
    logging.disable(logging.WARNING)
    with contextlib.redirect_stdout(io.StringIO()):
        yield
    logging.disable(logging.NOTSET)


def _target(sandbox: Sandbox, number: int) -> Compiled:
    original = compile_(load.services()[SERVICE], load.runbooks()[RUNBOOK])
    target = original.model_copy(update={"service": original.service.model_copy(update={"name": f"target-{number}"})})
    _ring(sandbox, f"{target.service.name}-unhealthy-hosts")
    own_switch = stops.ONE_SERVICE.format(service=target.service.name)
    sandbox.client("ssm").put_parameter(Name=own_switch, Value=stops.GO, Type="String")
    states = sandbox.client("stepfunctions")
    role = states.describe_state_machine(stateMachineArn=MACHINE)["roleArn"]
    name = target.state_machine.rpartition(":")[2]
    states.create_state_machine(name=name, definition=json.dumps(REST), roleArn=role)
    return target


def _ring(sandbox: Sandbox, name: str) -> None:
    cloudwatch = sandbox.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Bench",
        MetricName="Storm",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="Bench: a storm")


def _delivered(name: str, events: Sequence[Event], deliver: Deliver) -> tuple[str, Counter[str], float]:
    """Deliver events; return the name, how many had which reason not to start anything, and the seconds."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        reasons = Counter(answer["reason"] for answer in threads.map(deliver, events))
    return name, reasons, time.monotonic() - began


def _invoke(sandbox: Sandbox, event: Event) -> dict[str, Any]:
    answer = sandbox.client("lambda").invoke(FunctionName=f"{SERVICE}-dispatch", Payload=json.dumps(event))
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(f"dispatch failed: {told}")
    return told


def _row(name: str, reasons: Counter[str], took: float, started: int) -> Row:
    others = {reason: count for reason, count in reasons.items() if reason not in {"", "counted"}}
    told = ", ".join(f"{count:,} {reason}" for reason, count in others.items()) or "-"
    return (name, f"{reasons.total():,}", f"{started}", f"{reasons['counted']:,}", told, seconds(took))


def _different(number: int) -> Event:
    """Make one of many events of a target: two alarms at different times, different tasks of different deployments."""
    if number % 4 < len(ALARMS):
        return _alarm(number, ALARMS[number % 4])
    detail = {"startedBy": f"ecs-svc/{number}", "stoppedReason": "Essential container in task exited"}
    return _event("aws.ecs", "ECS Task State Change", detail, resource=f"task/{number}", ago=0)


def _alarm(ago: float = 0, name: str = ALARM) -> Event:
    return _event("aws.cloudwatch", "CloudWatch Alarm State Change", {"alarmName": name}, resource=name, ago=ago)


def _event(source: str, detail_type: str, detail: dict[str, Any], *, resource: str, ago: float) -> Event:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=ago)
    told = {"source": source, "detail-type": detail_type, "detail": detail}
    return told | {"resources": [resource], "time": at.isoformat()}


def main() -> int:
    """Print this table alone."""
    with Sandbox.start() as sandbox:
        sandbox.deploy(SERVICE)
        sandbox.world.wait_until(sandbox.world.healthy, SECONDS)
        show(Console(width=140, highlight=False), measure(sandbox))
    return 0


if __name__ == "__main__":
    sys.exit(main())
