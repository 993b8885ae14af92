"""State machines run as deployed: JSONata, errors, task tokens, scaled waits, the role's permissions."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.parse import asl_parser

from sandbox.cloud import Sandbox
from sandbox.speed import SPEED
from tests.sandbox.support import finished, until

ARN = "arn:aws:states:me-central-1:123456789012:stateMachine:"
TEXT = 'quotes " and \\ and\nlines, and null: \u2028'


def start(sandbox: Sandbox, machine: str = "machine", **options: Any) -> str:
    """Start an execution; return its ARN."""
    started = sandbox.client("stepfunctions").start_execution(
        stateMachineArn=ARN + machine, input=json.dumps({"text": TEXT}), **options
    )
    return str(started["executionArn"])


def token(sandbox: Sandbox, name: str) -> str:
    """Return the task token that the execution's function stored."""
    table = sandbox.client("dynamodb")
    return str(until(lambda: table.get_item(TableName="tokens", Key={"id": {"S": name}}).get("Item"))["token"]["S"])


def test_parallel_catch_retry_wait_and_success_by_task_token(sandbox: Sandbox) -> None:
    began = time.monotonic()
    execution = start(sandbox, name="approved")
    sandbox.client("stepfunctions").send_task_success(taskToken=token(sandbox, "approved"), output='{"by": "amel"}')
    ended = finished(sandbox, execution)
    took = time.monotonic() - began
    assert ended["status"] == "SUCCEEDED"
    findings = [TEXT, "unknown: ValueError"]
    assert json.loads(ended["output"]) == {"findings": findings, "answer": {"by": "amel"}, "text": TEXT}
    until(lambda: sandbox.logs("worker").count('{"do": "fail"}') == 2)
    assert (30 + 6) / SPEED < took < 30


def test_failure_by_task_token_is_caught(sandbox: Sandbox) -> None:
    execution = start(sandbox, name="rejected")
    states = sandbox.client("stepfunctions")
    states.send_task_failure(taskToken=token(sandbox, "rejected"), error="Rejected", cause="not now")
    assert json.loads(finished(sandbox, execution)["output"]) == {"closed": "not now"}


def test_stopped_execution_says_why(sandbox: Sandbox) -> None:
    execution = start(sandbox)
    sandbox.client("stepfunctions").stop_execution(executionArn=execution, error="Operator", cause="wrong button")
    ended = finished(sandbox, execution)
    assert (ended["status"], ended["error"], ended["cause"]) == ("ABORTED", "Operator", "wrong button")


def test_history_comes_in_pages_in_either_order(sandbox: Sandbox) -> None:
    execution = start(sandbox)
    sandbox.client("stepfunctions").stop_execution(executionArn=execution)
    finished(sandbox, execution)
    paginator = sandbox.client("stepfunctions").get_paginator("get_execution_history")

    def ids(**options: Any) -> list[int]:
        pages = list(paginator.paginate(executionArn=execution, PaginationConfig={"PageSize": 2}, **options))
        assert {len(page["events"]) for page in pages[:-1]} == {2}
        return [event["id"] for page in pages for event in page["events"]]

    assert ids() == list(range(1, 1 + len(ids())))
    assert ids(reverseOrder=True) == ids()[::-1]


def test_same_name_starts_once_and_never_again(sandbox: Sandbox) -> None:
    first = start(sandbox, name="once")
    assert start(sandbox, name="once") == first
    sandbox.client("stepfunctions").send_task_success(taskToken=token(sandbox, "once"), output="{}")
    finished(sandbox, first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        start(sandbox, name="once")


@pytest.mark.parametrize("name", ["a b", "a/b", "é:", "x" * 81])
def test_bad_name_is_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ClientError, match="InvalidName"):
        start(sandbox, name=name)


def test_state_machine_may_call_only_what_its_role_allows(sandbox: Sandbox) -> None:
    ended = finished(sandbox, start(sandbox, "forbidden"))
    assert ended["status"] == "FAILED"
    assert ended["error"] == "Lambda.AccessDeniedException"
    assert "is not authorized to perform: lambda:InvokeFunction" in ended["cause"]


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        ("$states.input.nothing", "States.QueryEvaluationError"),
        ("$number('many')", "States.QueryEvaluationError"),
        ("$states.input.none", None),
        ("$exists($states.input.none)", True),
        ("[$states.input.list[ok].n]", [1]),
        ("$states.input.list[ok].n", 1),
        ("$count($states.input.list[missing])", 0),
        ("$merge([$states.input, {'list': []}])", {"none": None, "list": [], "text": TEXT}),
    ],
)
def test_expressions(sandbox: Sandbox, expression: str, output: Any) -> None:
    given = {"none": None, "list": [{"n": 1, "ok": True}, {"n": 2, "ok": False}], "text": TEXT}
    ask = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Ask", "States": {"Ask": ask}}
    states = sandbox.client("stepfunctions")
    name = f"expression-{abs(hash(expression))}"
    role = "arn:aws:iam::123456789012:role/any"
    arn = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
    ended = finished(sandbox, execution)
    assert (json.loads(ended["output"]) if "output" in ended else ended["error"]) == output


def test_large_variables_are_not_parsed_as_expressions(sandbox: Sandbox) -> None:
    expression = {"Type": "Pass", "Output": "{% $count($states.input.rows) %}", "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Count", "States": {"Count": expression}}
    states = sandbox.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/any"
    arn = states.create_state_machine(name="large", definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    rows = json.dumps({"rows": [{"id": number, "text": "x" * 100} for number in range(1500)]})
    began = time.monotonic()
    ended = finished(sandbox, states.start_execution(stateMachineArn=arn, input=rows)["executionArn"])
    assert ended["output"] == "1500"
    assert time.monotonic() - began < 1
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        states.start_execution(stateMachineArn=arn, input=json.dumps("x" * 262_144))


def test_definition_is_parsed_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed", "Comment": "parsed once"}}})
    parsed: list[str] = []
    original = asl_parser.InputStream

    def read(text: str) -> Any:
        parsed.append(text)
        return original(text)

    monkeypatch.setattr(asl_parser, "InputStream", read)
    states = sandbox.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/any"
    arn = states.create_state_machine(name="parsed", definition=definition, roleArn=role)["stateMachineArn"]
    for _ in range(3):
        execution = states.start_execution(stateMachineArn=arn)["executionArn"]
        assert finished(sandbox, execution)["status"] == "SUCCEEDED"
    assert parsed == [definition]
