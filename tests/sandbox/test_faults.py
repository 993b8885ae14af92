"""Faults on purpose look to functions and to state machines as AWS's own do."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Sandbox
from sandbox.faults import Fault, Kind
from tests.sandbox.support import finished, until
from tests.sandbox.test_lambda import invoke

PUT = {"do": "keep_token", "id": "faulty", "token": "t"}
CALLS = {
    Kind.THROTTLED: ("ProvisionedThroughputExceededException", False),
    Kind.DENIED: ("AccessDeniedException", False),
    Kind.UNAVAILABLE: ("InternalServerError", False),
    Kind.MALFORMED: (None, True),  # botocore takes JSON that it cannot read for an empty answer
    Kind.CUT: ("ConnectionClosedError", False),
    Kind.EXIT_BEFORE: ("Runtime.ExitError", False),
    Kind.EXIT_AFTER: ("Runtime.ExitError", True),
    Kind.HANGS: ("Sandbox.Timedout", False),
}
INVOCATIONS = {
    Kind.THROTTLED: ("Lambda.TooManyRequestsException", 0),
    Kind.DENIED: ("Lambda.AccessDeniedException", 0),
    Kind.UNAVAILABLE: ("Lambda.ServiceException", 0),
    Kind.EXIT_BEFORE: ("Runtime.ExitError", 0),
    Kind.EXIT_AFTER: ("Runtime.ExitError", 1),
    Kind.TIMED_OUT: ("Sandbox.Timedout", 1),
    Kind.MALFORMED: (None, 1),
    Kind.DOUBLED: (None, 2),
}


@pytest.fixture(autouse=True)
def clean(sandbox: Sandbox) -> None:
    sandbox.client("dynamodb").delete_item(TableName="tokens", Key={"id": {"S": "faulty"}})


def stored(sandbox: Sandbox) -> bool:
    return "Item" in sandbox.client("dynamodb").get_item(TableName="tokens", Key={"id": {"S": "faulty"}})


@pytest.mark.parametrize("kind", CALLS)
def test_call_fails_as_on_aws_and_only_while_injected(sandbox: Sandbox, kind: Kind) -> None:
    error, done = CALLS[kind]
    with sandbox.faults.inject(Fault(kind, function="work*", call="dynamodb:PutItem", times=None)) as happened:
        answer, _ = invoke(sandbox, **PUT)
        assert sandbox.client("dynamodb").list_tables()["TableNames"] == ["tokens"]  # a person's calls are not meant
    assert (error or "null") in json.dumps(answer)
    assert stored(sandbox) is done
    assert set(happened) == {f"{kind.value}: worker dynamodb:PutItem"}
    assert invoke(sandbox, **PUT) == (None, None)


def test_sdk_retries_what_passes(sandbox: Sandbox) -> None:
    with sandbox.faults.inject(Fault(Kind.CUT, call="dynamodb:*")) as happened:
        assert invoke(sandbox, **PUT) == (None, None)
    assert (len(happened), stored(sandbox)) == (1, True)


def test_strikes_the_call_after_some_that_go_well(sandbox: Sandbox) -> None:
    with sandbox.faults.inject(Fault(Kind.EXIT_BEFORE, call="dynamodb:PutItem", after=1)):
        errors = [invoke(sandbox, **PUT)[1] for _ in range(3)]
    assert errors == [None, "Unhandled", None]


@pytest.mark.parametrize("kind", INVOCATIONS)
def test_invocation_fails_as_step_functions_reports_it(sandbox: Sandbox, kind: Kind) -> None:
    error, runs = INVOCATIONS[kind]
    before = len(sandbox.logs("worker"))
    with sandbox.faults.inject(Fault(kind, state="Call it")) as happened:
        ended = finished(sandbox, start(sandbox, kind.name))
    assert ended.get("error") == error, ended
    assert happened == [f"{kind.value}: Call it"]
    until(lambda: sandbox.logs("worker")[before:].count('{"run": 1}') == runs)
    if kind == Kind.MALFORMED:
        assert json.loads(ended["output"]) == "<html>It works!</html>"


def start(sandbox: Sandbox, name: str) -> str:
    """Start a state machine that calls the worker in one state."""
    call: dict[str, Any] = {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
        "Arguments": {"FunctionName": "worker", "Payload": {"run": 1}},
        "Output": "{% $states.result.Payload %}",
    }  # fmt: skip
    definition = {"QueryLanguage": "JSONata", "StartAt": "Call it", "States": {"Call it": call}}
    states = sandbox.client("stepfunctions")
    role = states.describe_state_machine(stateMachineArn=MACHINE)["roleArn"]
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    return str(states.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"])


MACHINE = "arn:aws:states:me-central-1:123456789012:stateMachine:machine"


def test_other_states_and_functions_are_spared(sandbox: Sandbox) -> None:
    others = [Fault(Kind.DENIED, state="Another", times=None), Fault(Kind.DENIED, function="page", times=None)]
    with sandbox.faults.inject(*others) as happened:
        assert finished(sandbox, start(sandbox, "spared"))["status"] == "SUCCEEDED"
    assert happened == []


def test_begins_with_a_state(sandbox: Sandbox) -> None:
    with sandbox.faults.inject(Fault(Kind.UNAVAILABLE, since="Call it", times=None)) as happened:
        assert invoke(sandbox) == ({"event": {}, "name": "worker"}, None)
        assert finished(sandbox, start(sandbox, "begun"))["status"] == "FAILED"
        with pytest.raises(ClientError, match="ServiceException"):
            invoke(sandbox)
    assert happened == ["unavailable: Call it", "unavailable: worker"]


def test_clock_of_functions_jumps(sandbox: Sandbox) -> None:
    sandbox.faults.clocks = {"work*": -3600, "*": 99}
    sandbox.cold()
    try:
        times, error = invoke(sandbox, do="clock")
    finally:
        sandbox.faults.clocks = {}
        sandbox.cold()
    assert error is None
    assert [round((moment - time.time()) / 60) for moment in times] == [-60, -60]


@pytest.mark.parametrize(("kind", "call"), [(Kind.DOUBLED, "sns:Publish"), (Kind.HANGS, "")])
def test_kind_that_cannot_be_is_refused(kind: Kind, call: str) -> None:
    with pytest.raises(ValueError, match="cannot befall"):
        Fault(kind, call=call)
