"""Step Functions tells the event bus what becomes of executions, once each."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloud import Sandbox
from tests.sandbox.support import finished, message

PLACE = "me-central-1:123456789012"
QUEUE, RULE = f"arn:aws:sqs:{PLACE}:executions", f"arn:aws:events:{PLACE}:rule/executions"
MACHINES = {
    "ending": {"Type": "Pass", "Output": {"done": True}, "End": True},
    "failing": {"Type": "Fail", "Error": "Broken", "Cause": "by hand"},
    "waiting": {"Type": "Wait", "Seconds": 3600, "End": True},
}


@pytest.fixture(scope="module", autouse=True)
def bus(sandbox: Sandbox) -> Iterator[None]:
    """A rule that puts every change into a queue."""
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Statement": [{**statement, "Resource": QUEUE, "Condition": {"ArnEquals": {"aws:SourceArn": RULE}}}]}
    sandbox.client("sqs").create_queue(QueueName="executions", Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}
    sandbox.client("events").put_rule(Name="executions", EventPattern=json.dumps(pattern))
    sandbox.client("events").put_targets(Rule="executions", Targets=[{"Id": "queue", "Arn": QUEUE}])
    yield
    sandbox.client("events").remove_targets(Rule="executions", Ids=["queue"])
    sandbox.client("events").delete_rule(Name="executions")


def start(sandbox: Sandbox, name: str) -> str:
    """Start a state machine of one state."""
    role = sandbox.client("iam").list_roles()["Roles"][0]["Arn"]
    definition = {"QueryLanguage": "JSONata", "StartAt": name, "States": {name: MACHINES[name]}}
    states = sandbox.client("stepfunctions")
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="once", input="{}")
    return str(started["executionArn"])


def machine(execution: str) -> str:
    """Return the ARN of an execution's state machine."""
    return execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]


def told(sandbox: Sandbox) -> dict[str, Any]:
    """Take the next event's detail from the queue."""
    event = message(sandbox, "executions")["body"]
    assert event["resources"] == [event["detail"]["executionArn"]]
    return dict(event["detail"])


@pytest.mark.parametrize(("name", "status"), [("ending", "SUCCEEDED"), ("failing", "FAILED")])
def test_start_and_end_are_told(sandbox: Sandbox, name: str, status: str) -> None:
    execution = start(sandbox, name)
    details = {detail["status"]: detail for detail in (told(sandbox), told(sandbox))}
    assert set(details) == {"RUNNING", status}
    running, ended = details["RUNNING"], details[status]
    assert (ended["executionArn"], ended["name"]) == (execution, "once")
    assert ended["stateMachineArn"].endswith(f":stateMachine:{name}")
    assert running["stopDate"] is running["output"] is running["error"] is None
    assert ended["stopDate"] >= ended["startDate"] == running["startDate"]
    assert (ended["output"], ended["error"]) == (('{"done":true}', None) if name == "ending" else (None, "Broken"))


def test_stop_is_told_once(sandbox: Sandbox) -> None:
    execution = start(sandbox, "waiting")
    again = sandbox.client("stepfunctions").start_execution(stateMachineArn=machine(execution), name="once", input="{}")
    assert again["executionArn"] == execution
    for _ in range(2):
        sandbox.client("stepfunctions").stop_execution(executionArn=execution, error="Stopped", cause="by Amel")
    finished(sandbox, execution)
    details = [told(sandbox), told(sandbox)]
    assert [one["status"] for one in details] == ["RUNNING", "ABORTED"]
    assert (details[1]["error"], details[1]["cause"]) == ("Stopped", "by Amel")
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="executions")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
