"""What the sandbox does not simulate fails loudly, and latency is the same for every call."""

import json
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clients import client
from sandbox.cloud import Sandbox
from sandbox.context import current


@pytest.fixture
def empty() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_unknown_action_is_an_error_without_retries_and_is_recorded(empty: Sandbox) -> None:
    retrying = boto3.client(
        "ce", "us-east-1", endpoint_url=empty.endpoint, aws_access_key_id="a", aws_secret_access_key="b"
    )
    with pytest.raises(ClientError, match="does not simulate ce:GetCostForecast") as error:
        retrying.get_cost_forecast(
            TimePeriod={"Start": "2026-01-01", "End": "2026-02-01"}, Metric="USAGE_QUANTITY", Granularity="DAILY"
        )
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert empty.unsimulated == ["ce:GetCostForecast"]


def test_unknown_service_is_an_error(empty: Sandbox) -> None:
    with pytest.raises(ClientError, match="does not simulate amplify:ListApps"):
        empty.client("amplify").list_apps()
    assert empty.unsimulated == ["amplify:ListApps"]


def test_unknown_resource_type_fails_the_stack_with_its_name(empty: Sandbox) -> None:
    template = {"Resources": {"Ring": {"Type": "AWS::Chatbot::SlackChannelConfiguration", "Properties": {}}}}
    with pytest.raises(ClientError, match="does not simulate AWS::Chatbot::SlackChannelConfiguration"):
        empty.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template))


def test_failing_resource_is_named(empty: Sandbox) -> None:
    properties = {"TopicArn": "arn:aws:sns:me-central-1:123456789012:none", "Protocol": "email", "Endpoint": "a@b.c"}
    template = {"Resources": {"Mail": {"Type": "AWS::SNS::Subscription", "Properties": properties}}}
    with pytest.raises(ClientError, match=r"Mail \(AWS::SNS::Subscription\): .*NotFound"):
        empty.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps(template))


def test_latency_is_added_to_every_call(empty: Sandbox) -> None:
    empty.client("sts").get_caller_identity()
    empty.latency = 0.2
    began = time.monotonic()
    empty.client("sts").get_caller_identity()
    assert time.monotonic() - began > 0.2


def test_second_sandbox_is_refused_and_closing_ends_the_first(empty: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="Close it first"):
        Sandbox()
    empty.close()
    with pytest.raises(RuntimeError, match="No sandbox is running"):
        current()


def test_authorizer_that_is_not_simulated_does_not_leave_a_route_open(empty: Sandbox) -> None:
    gateway = empty.client("apigatewayv2")
    api = gateway.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    with pytest.raises(ClientError, match="authorizes routes by IAM only, not by JWT"):
        gateway.create_route(ApiId=api, RouteKey="GET /", AuthorizationType="JWT", AuthorizerId="x")


def test_users_own_policies_count_for_every_api(empty: Sandbox) -> None:
    iam = empty.client("iam")
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    reader = client("sqs", iam.create_access_key(UserName="reader")["AccessKey"]["AccessKeyId"])
    assert "QueueUrls" not in reader.list_queues()
    with pytest.raises(ClientError, match=r":user/reader is not authorized to perform: sqs:CreateQueue"):
        reader.create_queue(QueueName="mine")
