"""Nothing is lost on the way: every asynchronous hop has retries and a dead-letter queue, and mail its reader."""

import json

import pytest

from statemachines import load
from tests.infra.template import Template

RUNBOOKS = [name.replace("_", "-") for name in load.services()["ganopa-bot"].runbooks]
APPROVERS = {"amel@maisonganopa.com", "karim@maisonganopa.com", "lina@maisonganopa.com"}


def queue(template: Template) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [template.one("SQS::Queue")[0], "Arn"]}


def test_events_are_tried_again_for_minutes_and_then_kept(template: Template) -> None:
    rules = template.of("Events::Rule").values()
    assert len(rules) == 6
    for rule in rules:
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": queue(template)}
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 5}


@pytest.mark.parametrize("function", ["ganopa-bot-dispatch", "ganopa-bot-tidy-up"])
def test_what_is_invoked_by_events_and_fails_is_kept(template: Template, function: str) -> None:
    name, properties = template.one("Lambda::Function", FunctionName=function)
    assert properties["DeadLetterConfig"] == {"TargetArn": queue(template)}
    invocation = template.one("Lambda::EventInvokeConfig", FunctionName={"Ref": name})[1]
    assert (invocation["MaximumEventAgeInSeconds"], invocation["MaximumRetryAttempts"]) == (600, 2)


def test_undelivered_mail_is_kept(template: Template) -> None:
    subscriptions = template.of("SNS::Subscription").values()
    assert len(subscriptions) == 2 * len(APPROVERS)
    assert all(one["RedrivePolicy"] == {"deadLetterTargetArn": queue(template)} for one in subscriptions)


def test_rules_and_topics_may_write_to_the_dead_letter_queue(template: Template) -> None:
    statements = template.one("SQS::QueuePolicy")[1]["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    sources = {json.dumps(one["Condition"]["ArnEquals"]["aws:SourceArn"]) for one in allowed}
    rules = {json.dumps({"Fn::GetAtt": [name, "Arn"]}) for name in template.of("Events::Rule")}
    topics = {json.dumps({"Ref": name}) for name in template.of("SNS::Topic")}
    assert sources == rules | topics


def test_an_approver_gets_only_what_is_addressed_to_them(template: Template) -> None:
    topic, properties = template.one("SNS::Topic", TopicName="ganopa-bot-notifications")
    assert "KmsMasterKeyId" in properties
    mine = [one for one in template.of("SNS::Subscription").values() if one["TopicArn"] == {"Ref": topic}]
    assert {one["Endpoint"] for one in mine} == APPROVERS
    assert all(one["FilterPolicy"] == {"approver": [one["Endpoint"]]} for one in mine)


def test_alarms_on_the_automation_reach_the_approvers(template: Template) -> None:
    topic, properties = template.one("SNS::Topic", TopicName="ganopa-bot-operations")
    assert "KmsMasterKeyId" not in properties
    policies = template.of("SNS::TopicPolicy").values()
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    publishers = [one["Principal"] for one in statements if one["Effect"] == "Allow"]
    assert publishers == [{"Service": "cloudwatch.amazonaws.com"}]
    alarms = [one for one in template.of("CloudWatch::Alarm").values() if "-runbooks-" in one["AlarmName"]]
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in alarms)
    assert {alarm["AlarmName"].removeprefix("ganopa-bot-runbooks-") for alarm in alarms} == {
        "approval-page-errors",
        "approval-page-throttles",
        "dead-letters",
        "dispatch-errors",
        "dispatch-throttles",
        "drill-failed",
        "drill-missed",
        "drill-throttled",
        "drill-timed-out",
        "tidy-up-errors",
        "tidy-up-throttles",
        *(f"{runbook}-{how}" for runbook in RUNBOOKS for how in ("failed", "throttled", "timed-out")),
    }
