"""SSM parameters: who may read and write them, and who wrote each version."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import ADMIN_ARN
from sandbox.clients import client
from sandbox.cloud import Sandbox

NAME = "/runbooks/switch"
ARN = f"arn:aws:ssm:me-central-1:123456789012:parameter{NAME}"


@pytest.fixture(scope="module")
def engineer(sandbox: Sandbox) -> Any:
    """An IAM user who may read and write the one parameter, and no other."""
    iam = sandbox.client("iam")
    iam.create_user(UserName="engineer")
    actions = ["ssm:GetParameters", "ssm:GetParameterHistory", "ssm:PutParameter"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ARN}]}
    iam.put_user_policy(UserName="engineer", PolicyName="switch", PolicyDocument=json.dumps(document))
    return client("ssm", iam.create_access_key(UserName="engineer")["AccessKey"]["AccessKeyId"])


def template(value: str, **properties: str) -> str:
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value, **properties}}
    return json.dumps({"Resources": {"Switch": parameter}, "Outputs": {"Name": {"Value": {"Ref": "Switch"}}}})


@pytest.fixture
def stack(sandbox: Sandbox) -> Any:
    """A stack with the parameter; gone afterwards."""
    formation = sandbox.client("cloudformation")
    formation.create_stack(StackName="switches", TemplateBody=template("go", Name=NAME))
    yield formation
    formation.delete_stack(StackName="switches")


def test_each_version_names_its_author(sandbox: Sandbox, stack: Any, engineer: Any) -> None:
    engineer.put_parameter(Name=NAME, Value="database is being moved", Overwrite=True)
    history = engineer.get_parameter_history(Name=NAME)["Parameters"]
    assert [(one["Value"], one["LastModifiedUser"]) for one in history] == [
        ("go", ADMIN_ARN),
        ("database is being moved", "arn:aws:iam::123456789012:user/engineer"),
    ]
    stack.update_stack(StackName="switches", TemplateBody=template("go on", Name=NAME))
    assert sandbox.client("ssm").get_parameter(Name=NAME)["Parameter"]["Version"] == 3


def test_another_parameter_is_denied(stack: Any, engineer: Any) -> None:
    assert stack.describe_stacks(StackName="switches")["Stacks"][0]["Outputs"][0]["OutputValue"] == NAME
    assert engineer.get_parameters(Names=[NAME])["Parameters"][0]["Value"] == "go"
    assert engineer.get_parameters(Names=[ARN, f"{NAME}:1"])["InvalidParameters"] == []
    with pytest.raises(ClientError, match="is not authorized to perform: ssm:GetParameters on resource"):
        engineer.get_parameters(Names=[NAME, "/runbooks/other"])
    with pytest.raises(ClientError, match="is not authorized to perform: ssm:GetParameter on resource"):
        engineer.get_parameter(Name=NAME)


def test_deleted_with_its_stack_and_created_only_once(sandbox: Sandbox, stack: Any) -> None:
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        stack.create_stack(StackName="again", TemplateBody=template("go", Name=NAME))
    stack.delete_stack(StackName="switches")
    assert sandbox.client("ssm").get_parameters(Names=[NAME])["InvalidParameters"] == [NAME]
