"""Events reach their targets in AWS's envelope; what cannot be delivered lands in the dead-letter queue."""

import json
from typing import Any

from sandbox.cloud import Sandbox
from sandbox.events import put_event
from tests.sandbox.support import message, until


def alarm(sandbox: Sandbox, state: str) -> None:
    """Set the alarm's state, as CloudWatch's evaluation does."""
    reason = {"StateReason": f"because {state}", "StateReasonData": '{"version": "1.0"}'}
    sandbox.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue=state, **reason)


def dispatched(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the events that the dispatch function got."""
    return [json.loads(line) for line in sandbox.logs("dispatch") if line.startswith("{")]


def test_new_alarm_has_no_data(sandbox: Sandbox) -> None:
    described = sandbox.client("cloudwatch").describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
    assert described["StateValue"] == "INSUFFICIENT_DATA"
    assert described["TreatMissingData"] == "notBreaching"
    assert described["Dimensions"] == [{"Name": "Service", "Value": "web"}]


def test_alarm_starts_a_state_machine_through_rule_and_function_once_a_transition(sandbox: Sandbox) -> None:
    for state in ("OK", "ALARM", "ALARM", "OK"):
        alarm(sandbox, state)
    states = sandbox.client("stepfunctions")
    machine = "arn:aws:states:me-central-1:123456789012:stateMachine:machine"
    execution = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])[0]
    assert execution["name"].startswith("errors-")
    assert len(until(lambda: dispatched(sandbox))) == 1
    event = dispatched(sandbox)[0]
    assert set(event) == {
        "version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail",
    }  # fmt: skip
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert (event["account"], event["region"]) == ("123456789012", "me-central-1")
    assert event["resources"] == ["arn:aws:cloudwatch:me-central-1:123456789012:alarm:errors"]
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["previousState"]["value"] == "OK"
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]
    assert metric["metric"] == {"namespace": "App", "name": "Errors", "dimensions": {"Service": "web"}}
    assert sandbox.mailbox.wait_for(lambda mail: mail.to == "operators@example.com", 5).subject == (
        'ALARM: "errors" in me-central-1'
    )


def test_target_without_permission_goes_to_the_dead_letter_queue(sandbox: Sandbox) -> None:
    put_event("forbidden", "Test", {"a": 1})
    dead = message(sandbox, "undelivered")
    assert dead["body"]["detail"] == {"a": 1}
    assert dead["attributes"]["ERROR_CODE"] == "NO_PERMISSIONS"
    assert dead["attributes"]["TARGET_ARN"].endswith(":function:worker")
    assert sandbox.logs("worker") == []


def test_input_transformer_fills_its_template_and_disabled_and_scheduled_rules_are_silent(sandbox: Sandbox) -> None:
    put_event("transform", "Something happened", {"id": 'a "b"'})
    assert message(sandbox, "transformed")["body"] == {"id": 'a "b"', "text": "it is Something happened"}
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="transformed")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_every_change_of_an_alarms_state_is_an_event(sandbox: Sandbox) -> None:
    alarm(sandbox, "OK")
    sqs = sandbox.client("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="states")["QueueUrl"])
    seen = []
    for state in ("INSUFFICIENT_DATA", "ALARM", "OK"):
        alarm(sandbox, state)
        detail = message(sandbox, "states")["body"]["detail"]
        seen.append((detail["previousState"]["value"], detail["state"]["value"], detail["state"]["reason"]))
    assert seen == [
        ("OK", "INSUFFICIENT_DATA", "because INSUFFICIENT_DATA"),
        ("INSUFFICIENT_DATA", "ALARM", "because ALARM"),
        ("ALARM", "OK", "because OK"),
    ]
