"""The audit runs every day, can change nothing but its own report, and is missed when it does not run."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from functions.core import catalogue
from infra.alarms import A_DAY
from infra.functions import LARGE, READING
from infra.state_machine import invoked
from statemachines import load
from tests.infra.template import Properties, Template
from tests.infra.test_reading import telling, writes
from tests.infra.test_state_machine import VALIDATOR

SERVICE = load.services()["huntaze"]
AUDIT = load.audits()["launch_readiness"]
NAME, BUCKET = "huntaze-audit", "huntaze-audits-123456789012-us-east-1"


@pytest.fixture
def machine(huntaze: Template) -> Properties:
    return huntaze.one("StepFunctions::StateMachine", StateMachineName=NAME)[1]


@pytest.fixture
def bucket(huntaze: Template) -> dict[str, Any]:
    return huntaze.one("S3::Bucket", BucketName=BUCKET)[1]


def reached(machine: Properties) -> set[str]:
    """Return the names of the functions that it calls."""
    return {arn.rpartition(":huntaze-")[2] for arn in invoked(json.loads(machine["DefinitionString"]))}


def test_it_starts_every_day_when_the_service_says_in_its_own_time(huntaze: Template) -> None:
    schedule = huntaze.one("Scheduler::Schedule", Name=NAME)[1]
    assert schedule["ScheduleExpression"] == "cron(0 6 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == SERVICE.timezone
    assert schedule["State"] == "ENABLED"
    assert schedule["Target"]["Input"] == "{}"


def test_it_is_valid_amazon_states_language(machine: Properties, node: Path, tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text(machine["DefinitionString"], encoding="utf-8")
    command = [str(node), str(VALIDATOR), "--json-path", str(tmp_path / "audit.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_may_invoke_exactly_the_functions_in_it(huntaze: Template, machine: Properties) -> None:
    allowed = {resource for action, resource in huntaze.allowed(machine) if action == "lambda:InvokeFunction"}
    assert allowed == set(invoked(json.loads(machine["DefinitionString"])))
    checks = {f"check-{one.check.replace('_', '-')}" for one in AUDIT.checks.values() if not one.local}
    assert reached(machine) == checks | {"report-audit"}


def test_nothing_that_it_reaches_can_write_but_its_report_log_and_mail(huntaze: Template, machine: Properties) -> None:
    topic = json.dumps({"Ref": huntaze.one("SNS::Topic", TopicName="huntaze-notifications")[0]})
    files = {f"arn:aws:s3:::{BUCKET}/launch_readiness.{ending}" for ending in ("html", "md", "json")}
    reporting = {("sns:Publish", topic), *(("s3:PutObject", file) for file in files)}
    for name in reached(machine):
        function = huntaze.function(name)
        assert writes(huntaze, function) == telling(function) | (reporting if name == "report-audit" else set()), name


def test_a_check_may_look_in_every_region_that_is_audited(huntaze: Template) -> None:
    """`{region}` in a permission is where the stack is: what is regional would be denied in the others."""
    for name in {one.check for one in AUDIT.checks.values() if one.per}:
        for action, arn in huntaze.allowed(huntaze.function(f"check-{name.replace('_', '-')}")):
            if action.partition(":")[0] not in ("logs", "xray") or "Describe" in action:
                assert "us-east-1" not in arn, f"{name} may {action} on {arn} only"


def test_what_looks_at_a_whole_account_has_the_time_for_it(huntaze: Template, machine: Properties) -> None:
    for name in reached(machine) - {"report-audit"}:
        function = huntaze.function(name)
        assert (function["MemorySize"], function["Timeout"]) == LARGE
        assert function["Environment"]["Variables"]["READING_SECONDS"] == READING
    alone = huntaze.function("check-http-endpoint")
    assert alone["Timeout"] < LARGE[1]
    assert "READING_SECONDS" not in alone["Environment"]["Variables"]


def test_reports_are_kept_version_by_version_and_are_nobody_elses(huntaze: Template, bucket: dict[str, Any]) -> None:
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket
    name, _ = huntaze.one("S3::Bucket", BucketName=BUCKET)
    assert json.loads(huntaze.path.read_text())["Resources"][name]["DeletionPolicy"] == "Retain"
    (policy,) = huntaze.of("S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    variables = huntaze.function("report-audit")["Environment"]["Variables"]
    assert variables["AUDITS_BUCKET"] == {"Ref": name}


def test_a_day_without_an_audit_rings(huntaze: Template) -> None:
    topic, _ = huntaze.one("SNS::Topic", TopicName="huntaze-operations")
    alarm = huntaze.one("CloudWatch::Alarm", AlarmName="huntaze-runbooks-audit-missed")[1]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["TreatMissingData"]) == ("Runbooks", "Audit", "breaching")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "huntaze"}]
    assert alarm["EvaluationPeriods"] * alarm["Period"] == A_DAY * 3600
    assert alarm["AlarmActions"] == [{"Ref": topic}]


def test_a_service_without_an_audit_has_none(template: Template, harena: Template) -> None:
    for one in (template, harena):
        assert not one.of("S3::Bucket")
        assert not [name for name in one.of("CloudWatch::Alarm").values() if "audit" in str(name)]
        assert not [name for name in one.of("Lambda::Function").values() if "audit" in name["FunctionName"]]


def test_what_only_looks_at_a_checkout_is_not_deployed(huntaze: Template) -> None:
    assert "repository_files" in catalogue.checks()
    assert not [one for one in huntaze.of("Lambda::Function").values() if "repository" in one["FunctionName"]]


def test_what_the_stack_makes_for_itself_is_left_out(huntaze: Template) -> None:
    """The service may have no queue in the region: then it needs no alarm on queues there."""
    names = [one["QueueName"] for one in huntaze.of("SQS::Queue").values()]
    alarms = [one["AlarmName"] for one in huntaze.of("CloudWatch::Alarm").values() if one.get("AlarmActions")]
    assert names
    assert alarms
    for made, check in ((names, "queues"), (alarms, "alarms")):
        own = AUDIT.checks[check].filled(SERVICE, region=SERVICE.region)["own"]
        assert all(name.startswith(own) for name in made)
