"""A CDK app of the constructs that services use, deployed by the real CLI."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from sandbox.cdk import DeploymentFailed
from sandbox.cloud import Sandbox
from tests.sandbox.support import finished, get, until

APP = Path(__file__).with_name("cdk_app.py")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """A sandbox with the app's stack, and the app's directory."""
    directory = tmp_path_factory.mktemp("app")
    shutil.copy(APP, directory / "app.py")
    (directory / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py", "versionReporting": False}))
    with Sandbox() as sandbox:
        sandbox.deploy(directory=directory)
        yield sandbox, directory
        assert sandbox.unsimulated == []
        assert sandbox.failures == []


def test_event_starts_the_state_machine_whose_function_uses_its_layer(deployed: tuple[Sandbox, Path]) -> None:
    sandbox, _ = deployed
    states = sandbox.client("stepfunctions")
    machine = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    sandbox.client("cloudwatch").set_alarm_state(AlarmName="app-errors", StateValue="ALARM", StateReason="test")
    execution = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])[0]["executionArn"]
    ended = finished(sandbox, execution)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["alarm"] == "app-errors"
    assert sandbox.mailbox.wait_for(lambda mail: mail.to == "amel@example.com", 5).subject == "Alarm"
    assert sandbox.calls["app-function"] == {"sns:Publish"}
    assert sandbox.denied == []


def test_page_is_served(deployed: tuple[Sandbox, Path]) -> None:
    sandbox, _ = deployed
    stack = sandbox.client("cloudformation").describe_stacks(StackName="app")["Stacks"][0]
    url = next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "Url")
    assert json.loads(get(f"{url}/incidents/42")) == {"id": "42"}


def test_route_with_an_iam_authorizer_lets_in_whom_it_was_granted(deployed: tuple[Sandbox, Path]) -> None:
    sandbox, _ = deployed
    key = sandbox.client("iam").create_access_key(UserName="approver")["AccessKey"]
    who = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    stack = sandbox.client("cloudformation").describe_stacks(StackName="app")["Stacks"][0]
    url = next(output["OutputValue"] for output in stack["Outputs"] if output["OutputKey"] == "Url")
    made = AWSRequest("POST", f"{url}/decisions/42", data=b"{}")
    SigV4Auth(who, "execute-api", "me-central-1").add_auth(made)
    assert send(made.prepare()) == (200, b'{"id": "42"}')
    made.data = b"[]"
    assert send(made.prepare()) == (403, b'{"message": "Forbidden"}')


def send(made: AWSPreparedRequest) -> tuple[int, bytes]:
    """Send a request over plain HTTP."""
    response = URLLib3Session().send(made)
    return response.status_code, response.content


def test_key_and_alias_exist(deployed: tuple[Sandbox, Path]) -> None:
    kms = deployed[0].client("kms")
    key = kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_second_deployment_updates_in_place(deployed: tuple[Sandbox, Path]) -> None:
    sandbox, directory = deployed
    app = directory / "app.py"
    app.write_text(app.read_text().replace("Duration.seconds(5)", "Duration.seconds(7)"))
    sandbox.deploy("app", directory=directory)
    assert sandbox.client("lambda").get_function_configuration(FunctionName="app-function")["Timeout"] == 7
    test_page_is_served(deployed)


def test_failure_shows_what_the_cli_said(deployed: tuple[Sandbox, Path], tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="--app is required"):
        deployed[0].deploy(directory=tmp_path)
