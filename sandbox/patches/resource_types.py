"""CloudFormation: resource types that moto lacks, each made by the API call that CloudFormation itself would make."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.clients import client

Properties = dict[str, Any]


@dataclass(frozen=True)
class ResourceType:
    """A resource type: put creates or overwrites and returns the physical id; delete undoes it.

    With recreate, an update deletes first. Attributes are those of Fn::GetAtt, read by physical id and properties.
    """

    name: str
    put: Callable[[str, Properties], str]
    delete: Callable[[str, Properties], object]
    name_property: str = ""
    recreate: bool = False
    attributes: Mapping[str, Callable[[str, Properties], str]] = field(default_factory=dict)


def _put_alarm(name: str, properties: Properties) -> str:
    client("cloudwatch").put_metric_alarm(**{**properties, "AlarmName": name})
    return name


def _alarm_arn(name: str, _: Properties) -> str:
    return str(client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])


def _put_api(_: str, properties: Properties) -> str:
    return str(client("apigatewayv2").create_api(**properties)["ApiId"])


def _api_endpoint(api_id: str, _: Properties) -> str:
    return str(client("apigatewayv2").get_api(ApiId=api_id)["ApiEndpoint"])


def _put_stage(_: str, properties: Properties) -> str:
    return str(client("apigatewayv2").create_stage(**properties)["StageName"])


def _delete_stage(name: str, properties: Properties) -> None:
    client("apigatewayv2").delete_stage(ApiId=properties["ApiId"], StageName=name)


def _put_integration(_: str, properties: Properties) -> str:
    return str(client("apigatewayv2").create_integration(**properties)["IntegrationId"])


def _delete_integration(integration_id: str, properties: Properties) -> None:
    client("apigatewayv2").delete_integration(ApiId=properties["ApiId"], IntegrationId=integration_id)


def _put_route(_: str, properties: Properties) -> str:
    return str(client("apigatewayv2").create_route(**properties)["RouteId"])


def _delete_route(route_id: str, properties: Properties) -> None:
    client("apigatewayv2").delete_route(ApiId=properties["ApiId"], RouteId=route_id)


def _put_subscription(_: str, properties: Properties) -> str:
    required = {"TopicArn", "Protocol", "Endpoint", "Region"}
    attributes = {n: v if isinstance(v, str) else json.dumps(v) for n, v in properties.items() if n not in required}
    subscription = client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(subscription["SubscriptionArn"])


def _put_queue_policy(name: str, properties: Properties) -> str:
    for url in properties["Queues"]:
        policy = json.dumps(properties["PolicyDocument"])
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return name


def _delete_queue_policy(_: str, properties: Properties) -> None:
    for url in properties["Queues"]:
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _put_topic_policy(name: str, properties: Properties) -> str:
    for arn in properties["Topics"]:
        policy = json.dumps(properties["PolicyDocument"])
        client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return name


def _put_bucket_policy(name: str, properties: Properties) -> str:
    client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"]))
    return name


def _put_event_invoke_config(name: str, properties: Properties) -> str:
    settings = {key: value for key, value in properties.items() if key != "Qualifier"}
    client("lambda").put_function_event_invoke_config(**settings)
    return name


def _put_metric_filter(name: str, properties: Properties) -> str:
    names = {"LogGroupName": "logGroupName", "FilterPattern": "filterPattern"}
    transformations = [
        {key[:1].lower() + key[1:]: value for key, value in one.items()} for one in properties["MetricTransformations"]
    ]
    given = {names[key]: value for key, value in properties.items() if key in names}
    client("logs").put_metric_filter(filterName=name, metricTransformations=transformations, **given)
    return name


def _put_schedule(name: str, properties: Properties) -> str:
    client("scheduler").create_schedule(**{**properties, "Name": name})
    return name


TYPES = [
    ResourceType(
        "AWS::CloudWatch::Alarm",
        _put_alarm,
        lambda name, _: client("cloudwatch").delete_alarms(AlarmNames=[name]),
        "AlarmName",
        attributes={"Arn": _alarm_arn},
    ),
    ResourceType(
        "AWS::ApiGatewayV2::Api",
        _put_api,
        lambda api_id, _: client("apigatewayv2").delete_api(ApiId=api_id),
        recreate=True,
        attributes={"ApiEndpoint": _api_endpoint, "ApiId": lambda api_id, _: api_id},
    ),
    ResourceType("AWS::ApiGatewayV2::Stage", _put_stage, _delete_stage, recreate=True),
    ResourceType("AWS::ApiGatewayV2::Integration", _put_integration, _delete_integration, recreate=True),
    ResourceType("AWS::ApiGatewayV2::Route", _put_route, _delete_route, recreate=True),
    ResourceType(
        "AWS::SNS::Subscription",
        _put_subscription,
        lambda arn, _: client("sns").unsubscribe(SubscriptionArn=arn),
        recreate=True,
    ),
    ResourceType("AWS::SQS::QueuePolicy", _put_queue_policy, _delete_queue_policy),
    ResourceType("AWS::SNS::TopicPolicy", _put_topic_policy, lambda _name, _properties: None),
    ResourceType(
        "AWS::S3::BucketPolicy",
        _put_bucket_policy,
        lambda _, properties: client("s3").delete_bucket_policy(Bucket=properties["Bucket"]),
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        _put_event_invoke_config,
        lambda _, properties: client("lambda").delete_function_event_invoke_config(
            FunctionName=properties["FunctionName"]
        ),
        recreate=True,
    ),
    ResourceType(
        "AWS::Logs::MetricFilter",
        _put_metric_filter,
        lambda name, properties: client("logs").delete_metric_filter(
            filterName=name, logGroupName=properties["LogGroupName"]
        ),
        "FilterName",
    ),
    ResourceType(
        "AWS::Scheduler::Schedule",
        _put_schedule,
        lambda name, _: client("scheduler").delete_schedule(Name=name),
        "Name",
        recreate=True,
    ),
]
