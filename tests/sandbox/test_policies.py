"""Policies are read as IAM reads them."""

from typing import Any

import pytest

from sandbox.arns import resources
from sandbox.policies import allowed, statements

REGION = "me-central-1"
SERVICE = "arn:aws:ecs:me-central-1:123456789012:service/main/web"


def statement(effect: str = "Allow", action: Any = "ecs:UpdateService", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*", **rest}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ([], False),
        ([statement()], True),
        ([statement(action="ECS:update*")], True),
        ([statement(action="ecs:Update?ervice")], True),
        ([statement(action=["ecs:DescribeServices", "ecs:List*"])], False),
        ([statement(Resource=SERVICE)], True),
        ([statement(Resource="arn:aws:ecs:*:*:service/main/*")], True),
        ([statement(Resource=[SERVICE + "2", "arn:aws:ecs:*:*:service/other/*"])], False),
        ([statement(), statement("Deny", "ecs:*")], False),
        ([statement(), statement("Deny", "*", Condition={"Bool": {"aws:SecureTransport": "false"}})], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "ecs:*", "Resource": "*"}], False),
        ([statement(), {"Effect": "Deny", "NotAction": ["ecs:Describe*", "ecs:List*"], "Resource": "*"}], False),
        ([statement(), {"Effect": "Deny", "NotAction": ["s3:*", "ecs:Update*"], "Resource": "*"}], True),
        ([statement(Condition={"ArnEquals": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/main"}})], True),
        ([statement(Condition={"ArnEquals": {"ecs:cluster": "arn:aws:ecs:*:*:cluster/other"}})], False),
    ],
)
def test_policy(policy: list[dict[str, Any]], *, expected: bool) -> None:
    context = {"aws:securetransport": "true", "ecs:cluster": "arn:aws:ecs:me-central-1:123456789012:cluster/main"}
    assert allowed(statements({"Statement": policy}), "ecs:UpdateService", SERVICE, context) is expected


def test_resource_policy_names_the_service_and_the_source() -> None:
    policy = [
        statement(
            action="sqs:SendMessage",
            Principal={"Service": "events.amazonaws.com"},
            Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:events:*:*:rule/mine"}},
        )
    ]
    mine = {"aws:sourcearn": "arn:aws:events:me-central-1:123456789012:rule/mine"}
    other = {"aws:sourcearn": "arn:aws:events:me-central-1:123456789012:rule/other"}
    assert allowed(policy, "sqs:SendMessage", "q", mine, "events.amazonaws.com")
    assert not allowed(policy, "sqs:SendMessage", "q", other, "events.amazonaws.com")
    assert not allowed(policy, "sqs:SendMessage", "q", mine, "sns.amazonaws.com")


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("ecs:UpdateService", {"cluster": "main", "service": SERVICE}, [SERVICE]),
        ("ecs:DescribeServices", {"cluster": "main", "services": ["web", "api"]}, [SERVICE, SERVICE[:-3] + "api"]),
        ("elasticloadbalancing:DescribeTargetHealth", {"TargetGroupArn": "arn:tg"}, ["*"]),
        ("elasticloadbalancing:ModifyTargetGroup", {"TargetGroupArn": "arn:tg"}, ["arn:tg"]),
        ("sqs:SendMessage", {"QueueUrl": "http://h/1/q"}, ["arn:aws:sqs:me-central-1:123456789012:q"]),
        (
            "dynamodb:Query",
            {"TableName": "t", "IndexName": "i"},
            ["arn:aws:dynamodb:me-central-1:123456789012:table/t/index/i"],
        ),
        (
            "ssm:SendCommand",
            {
                "DocumentName": "look",
                "InstanceIds": ["i-01234567"],
                "Targets": [{"Key": "InstanceIds", "Values": ["mi-1"]}],
            },
            [
                "arn:aws:ssm:me-central-1:123456789012:document/look",
                "arn:aws:ec2:me-central-1:123456789012:instance/i-01234567",
                "arn:aws:ssm:me-central-1:123456789012:managed-instance/mi-1",
            ],
        ),
        ("ssm:GetCommandInvocation", {"CommandId": "c", "InstanceId": "i-01234567"}, ["*"]),
        ("ecs:DescribeServices", {"services": ["web"]}, [None]),
        ("xray:PutTraceSegments", {}, [None]),
        ("rds:DescribeDBInstances", {}, ["arn:aws:rds:me-central-1:123456789012:db:*"]),
        ("rds:DescribeDBInstances", {"DBInstanceIdentifier": "a"}, ["arn:aws:rds:me-central-1:123456789012:db:a"]),
        ("rds:DescribeDBSnapshots", {}, ["arn:aws:rds:me-central-1:123456789012:snapshot:*"]),
        (
            "ecr:DescribeRepositories",
            {"repositoryNames": ["a", "b"]},
            [f"arn:aws:ecr:me-central-1:123456789012:repository/{name}" for name in "ab"],
        ),
        ("sqs:GetQueueAttributes", {"QueueUrl": "http://h/1/q"}, ["arn:aws:sqs:me-central-1:123456789012:q"]),
        ("iam:ListMFADevices", {"UserName": "amel"}, ["arn:aws:iam::123456789012:user/amel"]),
        ("iam:ListUsers", {}, ["*"]),
    ],
)
def test_resources(action: str, parameters: dict[str, Any], expected: list[str | None]) -> None:
    assert resources(action, parameters, REGION) == expected
