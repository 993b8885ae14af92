"""CloudTrail says who called what of Step Functions, some minutes later."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.cloud import Sandbox
from sandbox.trail import DELAY_SECONDS
from tests.sandbox.support import until

MACHINE = "arn:aws:states:me-central-1:123456789012:stateMachine:machine"
ASSUMED = "arn:aws:sts::123456789012:assumed-role"
ALLOWED = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": MACHINE}


@pytest.fixture(scope="module")
def executions(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Executions by who started them: an administrator, a user, an assumed role, a function."""
    iam, document = sandbox.client("iam"), json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
    iam.put_user_policy(UserName="amira", PolicyName="start", PolicyDocument=document)
    iam.put_role_policy(RoleName="on-call", PolicyName="start", PolicyDocument=document)
    key = iam.create_access_key(UserName="amira")["AccessKey"]["AccessKeyId"]
    role = "arn:aws:iam::123456789012:role/on-call"
    assumed = sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="amel")["Credentials"]["AccessKeyId"]
    event = {"id": "1", "detail": {"alarmName": "by-function"}, "seconds": 1}
    started = {
        "administrator": start(sandbox.client("stepfunctions"), "by-administrator"),
        "user": start(client("stepfunctions", key), "by-user"),
        "role": start(client("stepfunctions", assumed), "by-role"),
        "function": f"{MACHINE.replace('stateMachine', 'execution')}:by-function-1",
    }
    sandbox.client("lambda").invoke(FunctionName="dispatch", Payload=json.dumps(event))
    assert lookup(sandbox) == []
    yield started
    for execution in started.values():
        sandbox.client("stepfunctions").stop_execution(executionArn=execution)


def start(states: Any, name: str) -> str:
    """Start an execution."""
    secret = json.dumps({"text": "a secret"})
    return str(states.start_execution(stateMachineArn=MACHINE, name=name, input=secret)["executionArn"])


def lookup(sandbox: Sandbox, key: str = "EventName", value: str = "StartExecution", **options: Any) -> list[Any]:
    """Return the found events, all pages."""
    pages = sandbox.client("cloudtrail").get_paginator("lookup_events")
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    return [event for page in pages.paginate(LookupAttributes=asked, **options) for event in page["Events"]]


def started_by(sandbox: Sandbox, execution: str) -> dict[str, Any]:
    """Wait for the event of an execution's start and return the record."""
    event = until(lambda: lookup(sandbox, "ResourceName", execution), DELAY_SECONDS + 5)[0]
    return dict(json.loads(event["CloudTrailEvent"]))


def test_user(sandbox: Sandbox, executions: dict[str, str]) -> None:
    record = started_by(sandbox, executions["user"])
    identity = record["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", "amira")
    assert identity["arn"] == "arn:aws:iam::123456789012:user/amira"
    assert record["responseElements"]["executionArn"] == executions["user"]
    assert record["requestParameters"] == {
        "stateMachineArn": MACHINE, "name": "by-user", "input": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }  # fmt: skip
    assert (record["eventName"], record["eventSource"]) == ("StartExecution", "states.amazonaws.com")
    assert record["sourceIPAddress"] == "127.0.0.1"


def test_assumed_role(sandbox: Sandbox, executions: dict[str, str]) -> None:
    identity = started_by(sandbox, executions["role"])["userIdentity"]
    role_id = sandbox.client("iam").get_role(RoleName="on-call")["Role"]["RoleId"]
    assert (identity["type"], identity["arn"]) == ("AssumedRole", f"{ASSUMED}/on-call/amel")
    assert identity["principalId"] == f"{role_id}:amel"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == "arn:aws:iam::123456789012:role/on-call"
    assert lookup(sandbox, "Username", "amel")[0]["EventName"] == "StartExecution"


def test_function_and_administrator(sandbox: Sandbox, executions: dict[str, str]) -> None:
    identity = started_by(sandbox, executions["function"])["userIdentity"]
    assert identity["arn"].startswith(ASSUMED)
    assert identity["arn"].endswith("/dispatch")
    identity = started_by(sandbox, executions["administrator"])["userIdentity"]
    assert identity["arn"] == "arn:aws:iam::123456789012:user/administrator"


def test_newest_first_in_pages_and_within_times(sandbox: Sandbox, executions: dict[str, str]) -> None:
    started_by(sandbox, executions["function"])
    names = [json.loads(event["CloudTrailEvent"])["requestParameters"]["name"] for event in lookup(sandbox)]
    assert names == ["by-function-1", "by-role", "by-user", "by-administrator"]
    assert lookup(sandbox, PaginationConfig={"PageSize": 3}) == lookup(sandbox)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
    assert lookup(sandbox, StartTime=later) == []
    assert len(lookup(sandbox, EndTime=later)) == 4


def test_answers_to_tasks_and_failed_calls_are_recorded_without_the_token(
    sandbox: Sandbox, executions: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="InvalidToken"):
        sandbox.client("stepfunctions").send_task_success(taskToken="t-secret", output="{}")
    event = until(lambda: lookup(sandbox, "EventName", "SendTaskSuccess"), DELAY_SECONDS + 5)[0]
    record = json.loads(event["CloudTrailEvent"])
    assert (record["errorCode"], record["responseElements"]) == ("InvalidToken", None)
    assert "t-secret" not in sandbox.everything_logged()
    assert executions["user"] in sandbox.everything_logged()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "x"}] * 2}, "InvalidLookupAttributes"),
        ({"NextToken": "x"}, "InvalidNextToken"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRange"),
        ({"MaxResults": 51}, "InvalidMaxResults"),
    ],
)
def test_bad_question(sandbox: Sandbox, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=f"{code}Exception"):
        sandbox.client("cloudtrail").lookup_events(**asked)
