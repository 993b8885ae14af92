"""A task token is good for one answer until its task ends, also where its time runs out."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Sandbox
from sandbox.watch import run_out
from tests.sandbox.support import finished, until
from tests.sandbox.test_state_machines import ARN, TEXT, start, token


def asking(sandbox: Sandbox, name: str, seconds: Any = 60, **more: Any) -> tuple[str, str]:
    """Start an execution and wait until it waits for its token; return its ARN and the token."""
    states, text = sandbox.client("stepfunctions"), json.dumps({"text": TEXT, "seconds": seconds, **more})
    execution = states.start_execution(stateMachineArn=ARN + "machine", name=name, input=text)["executionArn"]
    return execution, token(sandbox, name)


def test_timeout_given_as_an_expression(sandbox: Sandbox) -> None:
    began = time.monotonic()
    execution, _ = asking(sandbox, "impatient", 1)
    assert json.loads(finished(sandbox, execution)["output"]) == {"closed": "too late"}
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("seconds", [1.5, "20", 0, True])
def test_timeout_must_be_a_positive_integer(sandbox: Sandbox, seconds: Any) -> None:
    text = json.dumps({"text": TEXT, "seconds": seconds})
    started = sandbox.client("stepfunctions").start_execution(stateMachineArn=ARN + "machine", input=text)
    ended = finished(sandbox, started["executionArn"])
    assert (ended["status"], ended["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_token_answers_once(sandbox: Sandbox) -> None:
    execution, token_ = asking(sandbox, "pressed")
    states = sandbox.client("stepfunctions")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: refusal(states, token_, json.dumps(number)), range(8)))
    assert sorted(map(str, answers)) == ["None", *["TaskTimedOut"] * 7]
    assert json.loads(finished(sandbox, execution)["output"])["answer"] == answers.index(None)
    assert refusal(states, token_) == "TaskTimedOut"


def refusal(states: Any, token_: str, output: str = "{}") -> str | None:
    """Send a success; return the error's code, None where it was taken."""
    try:
        states.send_task_success(taskToken=token_, output=output)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_token_of_a_stopped_execution_and_of_none(sandbox: Sandbox) -> None:
    execution, token_ = asking(sandbox, "abandoned")
    states = sandbox.client("stepfunctions")
    assert refusal(states, token_, "no JSON") == "InvalidOutput"
    states.send_task_heartbeat(taskToken=token_)
    states.stop_execution(executionArn=execution)
    assert refusal(states, token_) == "TaskTimedOut"
    with pytest.raises(ClientError, match="Provided task does not exist anymore"):
        states.send_task_failure(taskToken=token_, error="Rejected")
    assert refusal(states, "nonsense") == "InvalidToken"


def test_time_runs_out_on_demand(sandbox: Sandbox) -> None:
    execution, token_ = asking(sandbox, "slept", 3600)
    run_out(sandbox, execution)
    assert json.loads(finished(sandbox, execution)["output"]) == {"closed": "too late"}
    history = sandbox.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    timed_out = next(event for event in history if event["type"] == "TaskTimedOut")
    assert timed_out["taskTimedOutEventDetails"]["error"] == "States.Timeout"
    assert refusal(sandbox.client("stepfunctions"), token_) == "TaskTimedOut"
    with pytest.raises(LookupError, match="is SUCCEEDED and waits for no task token"):
        run_out(sandbox, execution)
    early = start(sandbox, name="early")
    with pytest.raises(LookupError, match="is RUNNING and waits for no task token"):
        run_out(sandbox, early)


def asking_alone(sandbox: Sandbox, name: str, seconds: int = 0) -> tuple[str, str]:
    """Start a state machine that only asks, by a function that goes on for some seconds; return as `asking`."""
    payload = {"do": "keep_token", "id": name, "token": "{% $states.context.Task.Token %}", "seconds": seconds}
    ask = {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 3600,
        "Arguments": {"FunctionName": "worker", "Payload": payload}, "End": True,
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}],
    }  # fmt: skip
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": ask}})
    states = sandbox.client("stepfunctions")
    role = states.describe_state_machine(stateMachineArn=ARN + "machine")["roleArn"]
    arn = states.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn, name=name)["executionArn"]
    return execution, token(sandbox, name)


def test_second_answer_is_refused_before_the_task_has_taken_the_first(sandbox: Sandbox) -> None:
    execution, token_ = asking_alone(sandbox, "twice", seconds=1)
    states = sandbox.client("stepfunctions")
    assert refusal(states, token_, '"first"') is None
    assert refusal(states, token_, '"second"') == "TaskTimedOut"
    assert finished(sandbox, execution)["output"] == '"first"'


def test_time_runs_out_before_the_task_waits(sandbox: Sandbox) -> None:
    execution, token_ = asking_alone(sandbox, "hasty", seconds=1)
    run_out(sandbox, execution)
    assert refusal(sandbox.client("stepfunctions"), token_) == "TaskTimedOut"
    with pytest.raises(LookupError):
        run_out(sandbox, execution)
    until(lambda: token(sandbox, "hasty") != token_)


def test_each_attempt_of_a_task_has_its_own_token(sandbox: Sandbox) -> None:
    execution, first = asking_alone(sandbox, "again")
    run_out(sandbox, execution)
    until(lambda: token(sandbox, "again") != first)
    states = sandbox.client("stepfunctions")
    assert refusal(states, first) == "TaskTimedOut"
    assert refusal(states, token(sandbox, "again"), '"taken"') is None
    assert finished(sandbox, execution)["output"] == '"taken"'
