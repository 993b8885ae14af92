"""A sandbox that is in another region has everything there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from sandbox.account import REGION, home
from sandbox.cloud import Sandbox
from sandbox.deployed import approval_url
from tests.sandbox.support import finished, get, until

HERE = Path(__file__).parent
EAST = "us-east-1"


@pytest.fixture(scope="module")
def east() -> Iterator[Sandbox]:
    """A sandbox in us-east-1 with the small system of everything that the platform simulates."""
    with Sandbox(region=EAST) as sandbox:
        sandbox.client("cloudformation").create_stack(
            StackName="system",
            TemplateBody=(HERE / "system.yaml").read_text(),
            Parameters=[{"ParameterKey": "Code", "ParameterValue": (HERE / "system_functions.py").read_text()}],
        )
        yield sandbox
        assert sandbox.unsimulated == []
        assert sandbox.failures == []
    assert home() == REGION


def test_what_talks_to_it_from_outside_is_told_the_region(east: Sandbox) -> None:
    assert (home(), east.session.region_name) == (EAST, EAST)
    assert {east.environment["AWS_REGION"], east.environment["AWS_DEFAULT_REGION"]} == {EAST}
    for service in ("sqs", "logs", "lambda"):
        assert east.client(service).meta.region_name == EAST


def test_function_runs_there_and_logs_there(east: Sandbox) -> None:
    answer = east.client("lambda").invoke(FunctionName="worker", Payload=json.dumps({"do": "environment"}))
    variables = json.loads(answer["Payload"].read())
    assert (variables["AWS_REGION"], variables["AWS_DEFAULT_REGION"]) == (EAST, EAST)
    logs = east.session.client("logs", EAST, endpoint_url=east.endpoint)
    until(lambda: logs.filter_log_events(logGroupName="/aws/lambda/worker", filterPattern="environment")["events"])


def test_alarm_reaches_people_and_the_state_machine(east: Sandbox) -> None:
    for state in ("OK", "ALARM"):
        east.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")
    mail = east.mailbox.wait_for(lambda mail: mail.to == "operators@example.com", 5)
    assert mail.subject == f'ALARM: "errors" in {EAST}'
    states, machine = east.client("stepfunctions"), f"arn:aws:states:{EAST}:123456789012:stateMachine:machine"
    begun = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])[0]["executionArn"]
    assert finished(east, begun)["status"] == "FAILED"  # the machine asks for more than an alarm says
    asked = states.start_execution(stateMachineArn=machine, input='{"text": "hi", "seconds": 1}')["executionArn"]
    assert json.loads(finished(east, asked)["output"]) == {"closed": "too late"}


def test_page_is_served_and_its_signers_sign_for_the_region(east: Sandbox) -> None:
    event = json.loads(get(f"{approval_url(east, 'system')}/incidents/1"))
    assert event["requestContext"]["domainName"].endswith(f".execute-api.{EAST}.amazonaws.com")
    assert signed(east, EAST) == 201
    assert signed(east, REGION) == 403


def signed(sandbox: Sandbox, region: str) -> int:
    """Send a request that its IAM user signed for a region."""
    key = sandbox.client("iam").create_access_key(UserName="amira")["AccessKey"]
    made = AWSRequest("GET", f"{approval_url(sandbox, 'system')}/decisions/1")
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "execute-api", region).add_auth(made)
    return int(URLLib3Session().send(made.prepare()).status_code)
