"""The drill runs every day, can change nothing, and is missed when it does not."""

import json
import subprocess
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from infra.alarms import A_DAY
from infra.state_machine import invoked
from statemachines import load
from tests.infra.template import Properties, Template
from tests.infra.test_reading import telling, writes
from tests.infra.test_state_machine import VALIDATOR

SERVICE = load.services()["ganopa-bot"]
PLACE = "me-central-1:123456789012"


@pytest.fixture
def machine(template: Template) -> Properties:
    return template.one("StepFunctions::StateMachine", StateMachineName="ganopa-bot-drill")[1]


@pytest.fixture
def schedule(template: Template) -> Properties:
    return template.one("Scheduler::Schedule")[1]


def test_it_starts_every_day_when_the_service_says_in_its_own_time(schedule: Properties) -> None:
    hour, minute = map(int, SERVICE.drill.at.split(":"))
    assert schedule["ScheduleExpression"] == f"cron({minute} {hour} * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == SERVICE.timezone
    assert (schedule["State"], schedule["FlexibleTimeWindow"]) == ("ENABLED", {"Mode": "OFF"})


def test_what_cannot_be_started_is_tried_again_and_kept(template: Template, schedule: Properties) -> None:
    target = schedule["Target"]
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [template.one("SQS::Queue")[0], "Arn"]}}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 5}
    assert target["Input"] == "{}"


def test_the_schedule_may_start_this_state_machine_and_nothing_else(template: Template, schedule: Properties) -> None:
    name, _ = template.one("StepFunctions::StateMachine", StateMachineName="ganopa-bot-drill")
    assert schedule["Target"]["Arn"] == {"Ref": name}
    assert template.allowed(schedule["Target"]) == {
        ("states:StartExecution", f"arn:aws:states:{PLACE}:stateMachine:ganopa-bot-drill"),
        ("sqs:SendMessage", json.dumps({"Fn::GetAtt": [template.one("SQS::Queue")[0], "Arn"]})),
    }


def test_it_is_valid_amazon_states_language(machine: Properties, node: Path, tmp_path: Path) -> None:
    text = machine["DefinitionString"].replace('""', '"-"')  # the validator knows no empty text; AWS does
    (tmp_path / "drill.json").write_text(text, encoding="utf-8")
    command = [str(node), str(VALIDATOR), "--json-path", str(tmp_path / "drill.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_may_invoke_exactly_the_functions_in_it(template: Template, machine: Properties) -> None:
    allowed = {resource for action, resource in template.allowed(machine) if action == "lambda:InvokeFunction"}
    assert allowed == set(invoked(json.loads(machine["DefinitionString"])))


def test_nothing_that_it_reaches_can_write_but_log_and_mail(template: Template, machine: Properties) -> None:
    reached = {arn.rpartition(":ganopa-bot-")[2] for arn in invoked(json.loads(machine["DefinitionString"]))}
    assert "report-drill" in reached
    topics = {json.dumps({"Ref": name}) for name in template.of("SNS::Topic")}
    for name in reached:
        function = template.function(name)
        mailing = {("sns:Publish", topic) for topic in topics} if name == "report-drill" else set()
        assert writes(template, function) == telling(function) | mailing, name


def test_a_day_without_a_drill_rings(template: Template) -> None:
    topic, _ = template.one("SNS::Topic", TopicName="ganopa-bot-operations")
    alarm = template.one("CloudWatch::Alarm", AlarmName="ganopa-bot-runbooks-drill-missed")[1]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Runbooks", "Drill")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "ganopa-bot"}]
    assert alarm["TreatMissingData"] == "breaching"
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "Sum",
        "LessThanOrEqualToThreshold",
        0,
    )
    assert alarm["EvaluationPeriods"] * alarm["Period"] == A_DAY * 3600
    assert alarm.get("DatapointsToAlarm", A_DAY) == A_DAY
    assert alarm["AlarmActions"] == [{"Ref": topic}]


def test_the_alarm_waits_longer_than_the_longest_day() -> None:
    """Clocks that are set back make a day of 25 hours, and CloudWatch counts whole ones."""
    first, second = (datetime(2026, 10, day, 7, 30, tzinfo=ZoneInfo("Europe/Paris")).timestamp() for day in (24, 25))
    assert second - first == 25 * 3600
    assert second - first < A_DAY * 3600


def test_a_drill_that_fails_rings(template: Template) -> None:
    alarms = {alarm["AlarmName"] for alarm in template.of("CloudWatch::Alarm").values()}
    assert {f"ganopa-bot-runbooks-drill-{how}" for how in ("failed", "throttled", "timed-out")} <= alarms
