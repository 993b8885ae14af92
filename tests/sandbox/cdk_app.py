"""A small CDK app: an alarm starts a state machine, whose function sends a mail; a page shows something."""

import textwrap
from pathlib import Path
from typing import cast

import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_events as events
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_destinations as destinations
import aws_cdk.aws_logs as logs
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sns_subscriptions as subscriptions
import aws_cdk.aws_sqs as sqs
import aws_cdk.aws_stepfunctions as stepfunctions
from aws_cdk import App, CfnOutput, Duration, Environment, Stack
from aws_cdk.aws_apigatewayv2_authorizers import HttpIamAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from aws_cdk.aws_events_targets import SfnStateMachine
from constructs import Construct

CODE = textwrap.dedent("""
    import json, os, boto3, inlayer

    def handler(event, context):
        if "rawPath" in event:
            return {"id": event["pathParameters"]["id"]}
        attributes = {"approver": {"DataType": "String", "StringValue": "amel@example.com"}}
        mail = {"Subject": "Alarm", "Message": "!", "MessageAttributes": attributes}
        boto3.client("sns").publish(TopicArn=os.environ["TOPIC"], **mail)
        return {"alarm": event["detail"]["alarmName"]}
""")


class AppStack(Stack):
    """Everything in one stack."""

    def __init__(self, scope: App, name: str) -> None:
        super().__init__(scope, name, env=Environment(account="123456789012", region="me-central-1"))
        queue = sqs.Queue(self, "Failed", encryption=sqs.QueueEncryption.SQS_MANAGED, enforce_ssl=True)
        topic = sns.Topic(self, "Topic", enforce_ssl=True)
        mail = subscriptions.EmailSubscription(
            "amel@example.com",
            filter_policy={"approver": sns.SubscriptionFilter.string_filter(allowlist=["amel@example.com"])},
        )
        topic.add_subscription(mail)
        dynamodb.Table(
            self, "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            time_to_live_attribute="expires",
        )  # fmt: skip
        function = self._function(topic, queue)
        topic.grant_publish(function)
        self._page(function)
        self._trigger(self._machine(function), queue)

    def _function(self, topic: sns.Topic, queue: sqs.Queue) -> lambda_.Function:
        folder = Path("build")
        (folder / "layer" / "python" / "inlayer").mkdir(parents=True, exist_ok=True)
        (folder / "layer" / "python" / "inlayer" / "__init__.py").touch()
        (folder / "code").mkdir(exist_ok=True)
        (folder / "code" / "app.py").write_text(CODE)
        layer = lambda_.LayerVersion(self, "Layer", code=lambda_.Code.from_asset(str(folder / "layer")))
        return lambda_.Function(
            self, "Function",
            function_name="app-function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler="app.handler",
            code=lambda_.Code.from_asset(str(folder / "code")),
            layers=[layer],
            timeout=Duration.seconds(5),
            tracing=lambda_.Tracing.ACTIVE,
            environment={"TOPIC": topic.topic_arn},
            log_group=logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH),
            on_failure=destinations.SqsDestination(queue),
            retry_attempts=1,
        )  # fmt: skip

    def _machine(self, function: lambda_.Function) -> stepfunctions.StateMachine:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        function.grant_invoke(role)
        definition = {
            "QueryLanguage": "JSONata", "StartAt": "Call",
            "States": {"Call": {
                "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                "Arguments": {"FunctionName": function.function_name, "Payload": "{% $states.input %}"},
                "Output": "{% $states.result.Payload %}",
            }},
        }  # fmt: skip
        group = logs.LogGroup(self, "MachineLog", retention=logs.RetentionDays.ONE_MONTH)
        return stepfunctions.StateMachine(
            self, "Machine",
            definition_body=stepfunctions.DefinitionBody.from_string(self.to_json_string(definition)),
            role=role,
            tracing_enabled=True,
            logs=stepfunctions.LogOptions(destination=group, level=stepfunctions.LogLevel.ERROR),
        )  # fmt: skip

    def _page(self, function: lambda_.Function) -> None:
        api = apigateway.HttpApi(self, "Api")
        integration = HttpLambdaIntegration("Page", function)
        api.add_routes(path="/incidents/{id}", methods=[apigateway.HttpMethod.GET], integration=integration)
        decide = api.add_routes(
            path="/decisions/{id}",
            methods=[apigateway.HttpMethod.POST],
            integration=integration,
            authorizer=HttpIamAuthorizer(),
        )[0]
        decide.grant_invoke(iam.User(self, "Approver", user_name="approver"))
        stage = cast("apigateway.CfnStage", cast("Construct", api.default_stage).node.default_child)
        stage.route_settings = {"GET /incidents/{id}": {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}}
        key = kms.Key(self, "Key", alias="app", enable_key_rotation=True)
        key.grant_encrypt_decrypt(function)
        CfnOutput(self, "Url", value=api.api_endpoint)

    def _trigger(self, machine: stepfunctions.StateMachine, queue: sqs.Queue) -> None:
        metric = cloudwatch.Metric(namespace="App", metric_name="Errors")
        alarm = metric.create_alarm(self, "Alarm", alarm_name="app-errors", threshold=1, evaluation_periods=1)
        events.Rule(
            self, "Rule",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"], detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn], detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[SfnStateMachine(machine, dead_letter_queue=queue, retry_attempts=2)],
        )  # fmt: skip


if __name__ == "__main__":
    app = App()
    AppStack(app, "app")
    app.synth()
