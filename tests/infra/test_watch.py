"""The watch runs every few minutes and every day, can change nothing, rings where it must, and is missed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.alarms import WATCHES
from infra.state_machine import invoked
from statemachines import load
from tests.infra.template import Properties, Template
from tests.infra.test_reading import telling, writes
from tests.infra.test_state_machine import VALIDATOR

ROOT = Path(__file__).parents[2]
SERVICE = load.services()["harena"]
PLACE = "me-central-1:123456789012"
NAME = "harena-watch"


@pytest.fixture
def machine(harena: Template) -> Properties:
    return harena.one("StepFunctions::StateMachine", StateMachineName=NAME)[1]


def alarm(harena: Template, name: str) -> Properties:
    return harena.one("CloudWatch::Alarm", AlarmName=name)[1]


def test_it_starts_every_few_minutes(harena: Template) -> None:
    schedule = harena.one("Scheduler::Schedule", Name=NAME)[1]
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert (schedule["State"], schedule["FlexibleTimeWindow"]) == ("ENABLED", {"Mode": "OFF"})
    assert schedule["Target"]["Input"] == "{}"
    assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 300


def test_it_mails_every_day_when_the_service_says_in_its_own_time(harena: Template) -> None:
    schedule = harena.one("Scheduler::Schedule", Name=f"{NAME}-daily")[1]
    assert schedule["ScheduleExpression"] == "cron(0 7 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == SERVICE.timezone
    assert json.loads(schedule["Target"]["Input"]) == {"daily": True}


@pytest.mark.parametrize("name", [NAME, f"{NAME}-daily"])
def test_a_schedule_may_start_this_state_machine_and_nothing_else(harena: Template, name: str) -> None:
    schedule = harena.one("Scheduler::Schedule", Name=name)[1]
    machine, _ = harena.one("StepFunctions::StateMachine", StateMachineName=NAME)
    assert schedule["Target"]["Arn"] == {"Ref": machine}
    assert harena.allowed(schedule["Target"]) == {
        ("states:StartExecution", f"arn:aws:states:{PLACE}:stateMachine:{NAME}"),
        ("sqs:SendMessage", json.dumps({"Fn::GetAtt": [harena.one("SQS::Queue")[0], "Arn"]})),
    }


def test_it_is_valid_amazon_states_language(machine: Properties, node: Path, tmp_path: Path) -> None:
    (tmp_path / "watch.json").write_text(machine["DefinitionString"], encoding="utf-8")
    command = [str(node), str(VALIDATOR), "--json-path", str(tmp_path / "watch.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_cfn_lint_finds_nothing(harena: Template) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(harena.path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_may_invoke_exactly_the_functions_in_it(harena: Template, machine: Properties) -> None:
    allowed = {resource for action, resource in harena.allowed(machine) if action == "lambda:InvokeFunction"}
    assert allowed == set(invoked(json.loads(machine["DefinitionString"])))


def test_nothing_that_it_reaches_can_write_but_log_and_mail(harena: Template, machine: Properties) -> None:
    """A check sends what only looks to its host, and ends what it has sent."""
    reached = {arn.rpartition(":harena-")[2] for arn in invoked(json.loads(machine["DefinitionString"]))}
    topic = json.dumps({"Ref": harena.one("SNS::Topic", TopicName="harena-notifications")[0]})
    assert {name for name in reached if not name.startswith("check-")} == {"report-watch"}
    for name in reached:
        function = harena.function(name)
        besides = writes(harena, function) - telling(function)
        if name == "report-watch":
            assert besides == {("sns:Publish", topic)}
        else:
            assert {action for action, _ in besides} == {"ssm:SendCommand", "ssm:CancelCommand"}
            documents = [arn for _, arn in besides if ":document/" in arn]
            assert documents
            assert all(":document/harena-look-" in arn for arn in documents)


def test_what_reports_reads_the_table_and_the_metrics_and_nothing_else(harena: Template) -> None:
    function = harena.function("report-watch")
    table = json.dumps({"Fn::GetAtt": [harena.one("DynamoDB::Table")[0], "Arn"]})
    reads = harena.allowed(function) - writes(harena, function) - telling(function)
    assert reads == {("dynamodb:GetItem", table), ("cloudwatch:GetMetricStatistics", "*")}


@pytest.mark.parametrize("runbook", SERVICE.watched)
def test_an_alarm_rings_for_each_runbook_and_stays_as_it_is_where_nothing_is_known(
    harena: Template, runbook: str
) -> None:
    found = alarm(harena, f"harena-{runbook.replace('_', '-')}")
    assert (found["Namespace"], found["MetricName"], found["Statistic"]) == ("Runbooks", "Unwell", "Maximum")
    assert found["Dimensions"] == [{"Name": "runbook", "Value": runbook}, {"Name": "service", "Value": "harena"}]
    assert (found["ComparisonOperator"], found["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (found["Period"], found["EvaluationPeriods"]) == (300, 1)
    assert found["TreatMissingData"] == "ignore"
    assert "AlarmActions" not in found


def test_its_alarms_reach_dispatch(harena: Template) -> None:
    rule = harena.one("Events::Rule", Name="harena-alarm")[1]
    assert rule["EventPattern"]["detail"] == {"alarmName": sorted(SERVICE.alarms)}
    assert "harena-service-unhealthy" in SERVICE.alarms


def test_three_watches_that_did_not_end_ring(harena: Template) -> None:
    found = alarm(harena, "harena-runbooks-watch-missed")
    assert (found["Namespace"], found["MetricName"], found["Statistic"]) == ("Runbooks", "Watch", "Sum")
    assert found["Dimensions"] == [{"Name": "service", "Value": "harena"}]
    assert (found["Period"], found["EvaluationPeriods"], WATCHES) == (300, WATCHES, 3)
    assert (found["ComparisonOperator"], found["Threshold"]) == ("LessThanOrEqualToThreshold", 0)
    assert found["TreatMissingData"] == "breaching"
    assert found["AlarmActions"] == [{"Ref": harena.one("SNS::Topic", TopicName="harena-operations")[0]}]


def test_a_watch_that_fails_rings(harena: Template) -> None:
    alarms = {one["AlarmName"] for one in harena.of("CloudWatch::Alarm").values()}
    assert {f"harena-runbooks-watch-{how}" for how in ("failed", "throttled", "timed-out")} <= alarms


def test_a_service_without_a_watch_has_nothing_of_it(template: Template) -> None:
    named = json.dumps([list(template.of(kind).values()) for kind in ("Scheduler::Schedule", "CloudWatch::Alarm")])
    assert "watch" not in named
    assert "ganopa-bot-report-watch" not in json.dumps(list(template.of("Lambda::Function").values()))
