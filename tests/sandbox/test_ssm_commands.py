"""SSM Run Command: what is refused, what really runs, how it ends, who may."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import context
from sandbox.clients import client
from sandbox.cloud import Sandbox
from sandbox.host.host import Host
from tests.sandbox.support import until

NODE = "i-0011b978b7cea66dc"
OTHER = "mi-0123456789abcdef0"
ENDED = {"Success", "Failed", "TimedOut", "Cancelled"}
WORD = {"type": "String", "allowedPattern": "^[a-z]{1,20}$", "interpolationType": "ENV_VAR"}


def document(script: str, seconds: str = "20", **parameters: Any) -> str:
    inputs = {"timeoutSeconds": seconds, "runCommand": [script]}
    step = {"action": "aws:runShellScript", "name": "run", "inputs": inputs}
    return json.dumps({"schemaVersion": "2.2", "parameters": parameters, "mainSteps": [step]})


@pytest.fixture(scope="module")
def hosts(sandbox: Sandbox) -> dict[str, Host]:  # noqa: ARG001  which has the context
    """Two machines that SSM manages."""
    found = context.current().hosts
    found |= {NODE: Host(NODE), OTHER: Host(OTHER, address="10.40.2.11")}
    return found


@pytest.fixture
def host(hosts: dict[str, Host]) -> Iterator[Host]:
    """The machine that commands are sent to; its agent is well again afterwards."""
    yield hosts[NODE]
    hosts[NODE].agent = "running"
    until(lambda: hosts[NODE].online)


@pytest.fixture
def ssm(sandbox: Sandbox, host: Host) -> Iterator[Any]:  # noqa: ARG001  without whom nothing runs
    """SSM, whose documents are gone afterwards."""
    made = sandbox.client("ssm")
    yield made
    for one in made.list_documents()["DocumentIdentifiers"]:
        made.delete_document(Name=one["Name"])


def make(ssm: Any, content: str, name: str = "look") -> None:
    ssm.create_document(Name=name, Content=content, DocumentType="Command", DocumentFormat="JSON")


def send(ssm: Any, **given: Any) -> str:
    return str(ssm.send_command(**{"DocumentName": "look", "InstanceIds": [NODE], **given})["Command"]["CommandId"])


def invocation(ssm: Any, command: str, node: str = NODE) -> dict[str, Any]:
    try:
        return dict(ssm.get_command_invocation(CommandId=command, InstanceId=node))
    except ssm.exceptions.InvocationDoesNotExist:
        return {"Status": "none yet"}


def ended(ssm: Any, command: str, seconds: float = 20.0) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = invocation(ssm, command)
        return found if found["Status"] in ENDED else None

    return until(over, seconds)


def refusal(ssm: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as refused:
        send(ssm, **given)
    return str(refused.value.response["Error"]["Code"])


def test_script_runs_with_its_parameters_as_variables_only(ssm: Any) -> None:
    script = 'set -eu\nprintf "%s at %s" "${SSM_service:?}" "$PWD"; echo "{{ service }}" >&2; id -u >&2; exit 3'
    make(ssm, document(script, service=WORD))
    found = ended(ssm, send(ssm, Parameters={"service": ["redis"]}))
    assert (found["Status"], found["StatusDetails"], found["ResponseCode"]) == ("Failed", "Failed", 3)
    assert found["StandardOutputContent"] == "redis at /root"
    assert found["StandardErrorContent"].splitlines()[0] == "{{ service }}"
    assert found["StandardErrorContent"].splitlines()[1] != "0"
    assert found["PluginName"] == "run"
    assert found["ExecutionStartDateTime"] <= found["ExecutionEndDateTime"]


def test_parameter_without_a_variable_becomes_shell_text(ssm: Any) -> None:
    make(ssm, document("echo {{ text }}", text={"type": "String"}))
    found = ended(ssm, send(ssm, Parameters={"text": ["$(echo $((6 * 7)))"]}))
    assert found["StandardOutputContent"] == "42\n"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"DocumentName": "nowhere"}, "InvalidDocument"),
        ({"InstanceIds": ["i-0123456789abcdef0"], "Parameters": {"service": ["redis"]}}, "InvalidInstanceId"),
        ({}, "InvalidParameters"),
        ({"Parameters": {"service": ["redis"], "more": ["x"]}}, "InvalidParameters"),
        ({"Parameters": {"service": ["redis", "postgres"]}}, "InvalidParameters"),
        ({"Parameters": {"service": ["$(touch /tmp/x)"]}}, "InvalidParameters"),
        ({"Parameters": {"service": ["a" * 10_000]}}, "InvalidParameters"),
    ],
)
def test_refused_before_anything_runs(ssm: Any, host: Host, given: dict[str, Any], code: str) -> None:
    make(ssm, document("touch /tmp/ran", service=WORD))
    assert refusal(ssm, **given) == code
    assert ssm.list_commands(InstanceId=NODE)["Commands"] == [] or not (host.root / "tmp" / "ran").exists()


def test_a_dollar_sign_lets_a_newline_through_as_on_aws(ssm: Any) -> None:
    make(ssm, document('printf %s "$SSM_service" | wc -c', service=WORD))
    assert ended(ssm, send(ssm, Parameters={"service": ["redis\n"]}))["StandardOutputContent"] == "6\n"


def test_runs_on_the_named_node_only(ssm: Any, hosts: dict[str, Host]) -> None:
    make(ssm, document("touch /tmp/here"))
    ended(ssm, send(ssm))
    assert (hosts[NODE].root / "tmp" / "here").exists()
    assert not (hosts[OTHER].root / "tmp" / "here").exists()


@pytest.mark.parametrize(("size", "cut"), [(23_999, False), (24_000, True), (90_000, True)])
def test_output_is_cut_visibly(ssm: Any, size: int, *, cut: bool) -> None:
    make(ssm, document(f"head -c {size} /dev/zero | tr '\\0' x; head -c {size} /dev/zero | tr '\\0' e >&2"))
    found = ended(ssm, send(ssm))
    assert found["StandardOutputContent"].endswith("x--output truncated--") is cut
    assert len(found["StandardOutputContent"]) == min(size, 24_000)
    assert len(found["StandardErrorContent"]) == 8_000


def test_cancelled_script_is_killed(ssm: Any, host: Host) -> None:
    make(ssm, document("touch /tmp/begun; sleep 600; touch /tmp/finished", seconds="3600"))
    command = send(ssm)
    until((host.root / "tmp" / "begun").exists)
    assert invocation(ssm, command)["Status"] == "InProgress"
    assert invocation(ssm, command)["ResponseCode"] == -1
    ssm.cancel_command(CommandId=command)
    assert (found := ended(ssm, command))["Status"] == "Cancelled"
    assert found["ResponseCode"] == 137
    assert not (host.root / "tmp" / "finished").exists()


def test_script_beyond_its_timeout_is_killed(ssm: Any) -> None:
    make(ssm, document("echo begun; sleep 1200", seconds="30"))
    found = ended(ssm, send(ssm))
    assert (found["Status"], found["StatusDetails"]) == ("TimedOut", "Execution Timed Out")
    assert (found["StandardOutputContent"], found["ResponseCode"]) == ("begun\n", 137)


def test_silent_agent_picks_nothing_up(ssm: Any, host: Host) -> None:
    make(ssm, document("touch /tmp/woken"))
    host.agent = "silent"
    command = send(ssm, TimeoutSeconds=120)
    until(lambda: invocation(ssm, command)["Status"] == "Pending")
    until(lambda: invocation(ssm, command)["Status"] == "Delayed")
    assert ended(ssm, command)["StatusDetails"] == "Delivery Timed Out"
    host.agent = "running"
    time.sleep(0.2)
    assert not (host.root / "tmp" / "woken").exists()


def test_command_that_nobody_picked_up_can_be_cancelled(ssm: Any, host: Host) -> None:
    make(ssm, document("true"))
    host.agent = "silent"
    command = send(ssm)
    ssm.cancel_command(CommandId=command, InstanceIds=[NODE])
    assert ended(ssm, command)["ResponseCode"] == -1


def test_node_goes_offline_some_time_after_its_agent(ssm: Any, host: Host) -> None:
    def ping() -> str:
        found = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [NODE]}])
        (node,) = found["InstanceInformationList"]
        return str(node["PingStatus"])

    make(ssm, document("true"))
    host.agent = "gone"
    assert ping() == "Online"
    until(lambda: ping() == "ConnectionLost")
    assert refusal(ssm) == "InvalidInstanceId"
    host.agent = "running"
    until(lambda: ping() == "Online")
    assert ended(ssm, send(ssm))["Status"] == "Success"


def test_nodes_are_described(ssm: Any) -> None:
    found = {one["InstanceId"]: one for one in ssm.describe_instance_information()["InstanceInformationList"]}
    assert {name: one["ResourceType"] for name, one in found.items()} == {NODE: "EC2Instance", OTHER: "ManagedInstance"}
    assert (
        ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": ["i-00000000"]}])[
            "InstanceInformationList"
        ]
        == []
    )


def test_invocations_are_listed(ssm: Any) -> None:
    make(ssm, document("echo done"))
    command = send(ssm)
    ended(ssm, command)
    (found,) = ssm.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    assert (found["InstanceId"], found["Status"], found["CommandPlugins"][0]["Output"]) == (NODE, "Success", "done\n")
    assert ssm.list_commands(CommandId=command)["Commands"][0]["CompletedCount"] == 1
    with pytest.raises(ssm.exceptions.InvalidCommandId):
        ssm.cancel_command(CommandId="00000000-0000-0000-0000-000000000000")


def test_sending_needs_the_document_and_the_node(ssm: Any, sandbox: Sandbox) -> None:
    make(ssm, document("true"))
    make(ssm, document("true"), "do-more")
    here = "arn:aws:ssm:me-central-1:123456789012"
    node = f"arn:aws:ec2:me-central-1:123456789012:instance/{NODE}"
    allowed = [f"{here}:document/look", node]
    sender = user(sandbox, "sender", allowed)
    assert ended(ssm, send(sender))["Status"] == "Success"
    managed = f"{here}:managed-instance/{OTHER}"
    for given, resource in (
        ({"DocumentName": "do-more"}, f"{here}:document/do-more"),
        ({"InstanceIds": [OTHER]}, managed),
        ({"InstanceIds": [NODE, OTHER]}, managed),
    ):
        with pytest.raises(ClientError, match=f"ssm:SendCommand on resource: {resource}"):
            send(sender, **given)


def user(sandbox: Sandbox, name: str, resources: list[str]) -> Any:
    iam = sandbox.client("iam")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "ssm:SendCommand", "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="send", PolicyDocument=policy)
    return client("ssm", iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"])


def test_host_reads_a_secret_by_its_own_role(ssm: Any, sandbox: Sandbox, host: Host) -> None:
    iam, secrets = sandbox.client("iam"), sandbox.client("secretsmanager")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="host", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))["Role"]["Arn"]
    arn = secrets.create_secret(Name="harena/login", SecretString='{"username": "henri"}')["ARN"]
    command = "aws secretsmanager get-secret-value --secret-id harena/login --query SecretString --output text"
    make(ssm, document(f'test "$AWS_SSM_REGION_NAME" = me-central-1; {command}'))
    host.role_arn = role
    found = ended(ssm, send(ssm))
    assert (found["ResponseCode"], "AccessDeniedException" in found["StandardErrorContent"]) == (254, True)
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="host", PolicyName="read", PolicyDocument=policy)
    assert ended(ssm, send(ssm))["StandardOutputContent"] == '{"username": "henri"}\n'


def test_documents_of_a_template(ssm: Any, sandbox: Sandbox) -> None:
    def template(script: str, **more: str) -> str:
        properties = {
            "Name": "harena-look-disk",
            "DocumentType": "Command",
            "Content": json.loads(document(script)),
            **more,
        }
        made = {"Type": "AWS::SSM::Document", "Properties": properties}
        return json.dumps({"Resources": {"Look": made}, "Outputs": {"Name": {"Value": {"Ref": "Look"}}}})

    formation = sandbox.client("cloudformation")
    formation.create_stack(StackName="documents", TemplateBody=template("echo one"))
    (stack,) = formation.describe_stacks(StackName="documents")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == "harena-look-disk"
    assert ended(ssm, send(ssm, DocumentName="harena-look-disk"))["StandardOutputContent"] == "one\n"
    formation.update_stack(StackName="documents", TemplateBody=template("echo two"))
    assert ended(ssm, send(ssm, DocumentName="harena-look-disk"))["StandardOutputContent"] == "two\n"
    formation.update_stack(StackName="documents", TemplateBody=template("echo three", UpdateMethod="NewVersion"))
    assert ended(ssm, send(ssm, DocumentName="harena-look-disk"))["StandardOutputContent"] == "three\n"
    assert ssm.describe_document(Name="harena-look-disk")["Document"]["DefaultVersion"] == "2"
    formation.delete_stack(StackName="documents")
    assert refusal(ssm, DocumentName="harena-look-disk") == "InvalidDocument"
