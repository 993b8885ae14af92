"""Keys of a template encrypt for whom their policy allows it, with the context that they were given."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.cloud import Sandbox
from tests.sandbox.test_lambda import invoke

CONTEXT = {"incident": "42", "round": "1"}


def test_key_rotates_and_has_an_alias(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    key = kms.describe_key(KeyId="alias/tokens")["KeyMetadata"]
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] is True


def test_function_encrypts_and_decrypts_with_its_context(sandbox: Sandbox) -> None:
    blob, error = invoke(sandbox, do="encrypt", text="a token", context=CONTEXT)
    assert error is None
    assert invoke(sandbox, do="decrypt", blob=blob, context=CONTEXT) == ("a token", None)
    answer, _ = invoke(sandbox, do="decrypt", blob=blob, context={**CONTEXT, "round": "2"})
    assert answer["errorType"] == "InvalidCiphertextException"
    assert {"kms:Encrypt", "kms:Decrypt"} <= sandbox.calls["worker"]


@pytest.mark.parametrize("context", [{"incident": "43"}, {}])
def test_context_of_the_policy_is_enforced(sandbox: Sandbox, context: dict[str, str]) -> None:
    blob, _ = invoke(sandbox, do="encrypt", text="a token", context=context)
    answer, _ = invoke(sandbox, do="decrypt", blob=blob, context=context)
    assert "is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:" in answer["errorMessage"]


def test_another_key_is_not_the_functions(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    other = kms.create_key()["KeyMetadata"]["Arn"]
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": other}
    sandbox.client("iam").create_user(UserName="other")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sandbox.client("iam").put_user_policy(UserName="other", PolicyName="p", PolicyDocument=document)
    key = sandbox.client("iam").create_access_key(UserName="other")["AccessKey"]
    mine = client("kms", key["AccessKeyId"])
    blob = mine.encrypt(KeyId=other, Plaintext=b"x")["CiphertextBlob"]
    assert mine.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        mine.encrypt(KeyId="alias/tokens", Plaintext=b"x")


def test_update_keeps_the_key(sandbox: Sandbox) -> None:
    formation, kms = sandbox.client("cloudformation"), sandbox.client("kms")
    properties: dict[str, Any] = {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}
    template = {
        "Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}},
        "Outputs": {"Id": {"Value": {"Fn::GetAtt": ["Key", "KeyId"]}}},
    }
    formation.create_stack(StackName="keys", TemplateBody=json.dumps(template))
    key = formation.describe_stacks(StackName="keys")["Stacks"][0]["Outputs"][0]["OutputValue"]
    properties["EnableKeyRotation"] = True
    formation.update_stack(StackName="keys", TemplateBody=json.dumps(template))
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
