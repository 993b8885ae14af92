"""Routes with AWS_IAM let in who signed this very request and may call it, and tell the function who it was."""

import datetime
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.account import ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY
from sandbox.cloud import Sandbox
from tests.sandbox.test_http_api import request

REGION = "me-central-1"
ACCOUNT = "123456789012"
TOO_MANY = 429
FORBIDDEN = (403, {"message": "Forbidden"})


def signed(
    sandbox: Sandbox, who: Credentials, method: str = "GET", service: str = "execute-api", **options: Any
) -> AWSRequest:
    """Return a signed request for a decision; options are AWSRequest's."""
    outputs = sandbox.client("cloudformation").describe_stacks(StackName="system")["Stacks"][0]["Outputs"]
    made = AWSRequest(method, f"{outputs[0]['OutputValue']}/decisions/a%20b?x=1&y=", **options)
    SigV4Auth(who, service, REGION).add_auth(made)
    return made


def send(sandbox: Sandbox, made: AWSRequest) -> tuple[int, Any]:
    """Send it as it is, again where the API is asked too often."""
    parts = urlsplit(str(made.url))
    path = f"{parts.path}?{parts.query}"
    while True:
        answer = request(sandbox, str(made.method), path, made.data or b"", dict(made.headers.items()))[:2]
        if answer[0] != TOO_MANY:
            return answer
        time.sleep(0.1)


@pytest.fixture(scope="module")
def amira(sandbox: Sandbox) -> Credentials:
    """A new access key of the template's user, whose managed policy lets her GET decisions."""
    made = sandbox.client("iam").create_access_key(UserName="amira")["AccessKey"]
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"])


def iam(answer: tuple[int, Any]) -> dict[str, Any]:
    """Return what the function was told about its caller."""
    status, event = answer
    assert status == 201, event
    return dict(event["requestContext"]["authorizer"]["iam"])


def test_user_with_a_templates_managed_policy(sandbox: Sandbox, amira: Credentials) -> None:
    user = sandbox.client("iam").get_user(UserName="amira")["User"]
    assert iam(send(sandbox, signed(sandbox, amira))) == {
        "accessKey": amira.access_key, "accountId": ACCOUNT, "callerId": user["UserId"], "cognitoIdentity": None,
        "principalOrgId": None, "userArn": f"arn:aws:iam::{ACCOUNT}:user/amira", "userId": user["UserId"],
    }  # fmt: skip
    assert send(sandbox, signed(sandbox, amira, "POST")) == FORBIDDEN


def test_user_with_an_inline_policy(sandbox: Sandbox) -> None:
    client = sandbox.client("iam")
    client.create_user(UserName="karim")
    made = client.create_access_key(UserName="karim")["AccessKey"]
    who = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    assert send(sandbox, signed(sandbox, who, "POST")) == FORBIDDEN
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/*/POST/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.put_user_policy(UserName="karim", PolicyName="p", PolicyDocument=document)
    assert iam(send(sandbox, signed(sandbox, who, "POST", data=b'{"a": 1}')))["userArn"].endswith(":user/karim")
    client.update_access_key(UserName="karim", AccessKeyId=who.access_key, Status="Inactive")
    assert send(sandbox, signed(sandbox, who, "POST")) == FORBIDDEN


def test_assumed_role_and_its_token(sandbox: Sandbox) -> None:
    role = sandbox.client("iam").get_role(RoleName="on-call")["Role"]
    made = sandbox.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="amel@example.com")["Credentials"]
    who = Credentials(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    told = iam(send(sandbox, signed(sandbox, who)))
    assert told["userArn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/on-call/amel@example.com"
    assert told["callerId"] == f"{role['RoleId']}:amel@example.com"
    for token in (None, "another"):
        assert send(sandbox, signed(sandbox, Credentials(who.access_key, who.secret_key, token))) == FORBIDDEN


def test_administrator_is_the_one_whom_sts_names(sandbox: Sandbox) -> None:
    told = iam(send(sandbox, signed(sandbox, Credentials(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY))))
    identity = sandbox.client("sts").get_caller_identity()
    assert told["userArn"] == identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/administrator"
    assert told["userId"] == identity["UserId"]


def test_unsigned_and_unknown_are_forbidden(sandbox: Sandbox) -> None:
    assert request(sandbox, "GET", "/decisions/1")[:2] == FORBIDDEN
    assert request(sandbox, "GET", "/decisions/1", headers={"Authorization": "Bearer x"})[:2] == FORBIDDEN
    assert send(sandbox, signed(sandbox, Credentials("AKIANOBODY0000000000", "x"))) == FORBIDDEN
    assert request(sandbox, "GET", "/incidents/1")[0] == 201


def _path(made: AWSRequest) -> None:
    made.url = str(made.url).replace("/a%20b", "/a%20c")


def _query(made: AWSRequest) -> None:
    made.url = str(made.url).replace("x=1", "x=2")


def _body(made: AWSRequest) -> None:
    made.data = b'{"decision": "reject"}'


def _header(made: AWSRequest) -> None:
    made.headers["X-Amz-Target"] = "unsigned"


def _signature(made: AWSRequest) -> None:
    made.headers.replace_header("Authorization", made.headers["Authorization"][:-1] + "z")


def _digest(made: AWSRequest) -> None:
    made.headers.replace_header("Authorization", made.headers["Authorization"][:-64] + "0" * 64)


def _scope(made: AWSRequest) -> None:
    made.headers.replace_header("Authorization", made.headers["Authorization"].replace("/execute-api/", "/lambda/"))


@pytest.mark.parametrize("tamper", [_scope, _path, _query, _body, _header, _signature, _digest])
def test_tampered_request_is_forbidden(sandbox: Sandbox, tamper: Callable[[AWSRequest], None]) -> None:
    who = Credentials(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY)
    made = signed(sandbox, who, "POST", data=b'{"decision": "approve"}')
    assert send(sandbox, made)[0] == 201
    tamper(made)
    assert send(sandbox, made) == FORBIDDEN


def test_body_is_bound_also_where_its_digest_is_a_header(sandbox: Sandbox) -> None:
    who = Credentials(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY)
    made = signed(sandbox, who, "POST", data=b"a", headers={"X-Amz-Content-SHA256": "0" * 64})
    assert send(sandbox, made) == FORBIDDEN


def test_signature_for_another_service_or_of_another_secret_is_forbidden(sandbox: Sandbox, amira: Credentials) -> None:
    assert send(sandbox, signed(sandbox, amira, service="lambda")) == FORBIDDEN
    assert send(sandbox, signed(sandbox, Credentials(amira.access_key, "guessed"))) == FORBIDDEN


@pytest.mark.parametrize(("minutes", "status"), [(-6, 403), (-4, 201), (4, 201), (6, 403)])
def test_signature_is_good_for_five_minutes(
    sandbox: Sandbox, amira: Credentials, minutes: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: then)
    made = signed(sandbox, amira)
    monkeypatch.undo()
    assert send(sandbox, made)[0] == status


def test_function_is_a_caller_like_any_other(sandbox: Sandbox) -> None:
    answer = sandbox.client("lambda").invoke(FunctionName="worker", Payload=json.dumps({"do": "environment"}))
    own = json.loads(answer["Payload"].read())
    who = Credentials(own["AWS_ACCESS_KEY_ID"], own["AWS_SECRET_ACCESS_KEY"], own["AWS_SESSION_TOKEN"])
    assert send(sandbox, signed(sandbox, who)) == FORBIDDEN
