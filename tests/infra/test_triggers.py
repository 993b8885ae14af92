import pytest

from infra.triggers import Triggers
from statemachines import load
from tests.infra.template import Properties, Template

ACCOUNT = {"account": ["123456789012"], "region": ["me-central-1"]}
MACHINES = "arn:aws:states:me-central-1:123456789012:stateMachine"
SERVICE = load.services()["ganopa-bot"]


def pattern(template: Template, name: str) -> Properties:
    found: Properties = template.one("Events::Rule", Name=f"ganopa-bot-{name}")[1]["EventPattern"]
    return found


def test_every_change_of_the_services_own_alarms_is_looked_at(template: Template) -> None:
    assert pattern(template, "alarm") == ACCOUNT | {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {
            "alarmName": ["ganopa-bot-load-balancer-5xx", "ganopa-bot-no-targets", "ganopa-bot-unhealthy-hosts"]
        },
    }


def test_only_the_services_own_tasks_that_stopped_with_an_error_start_a_runbook(template: Template) -> None:
    assert pattern(template, "ecs-task-stopped") == ACCOUNT | {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": ["arn:aws:ecs:me-central-1:123456789012:cluster/vancelian-dev-api-cluster"],
            "group": ["service:ganopa-dev-bot-svc"],
            "lastStatus": ["STOPPED"],
            "stopCode": ["EssentialContainerExited", "TaskFailedToStart"],
        },
    }


def test_only_the_services_own_failed_deployments_start_a_runbook(template: Template) -> None:
    service = "arn:aws:ecs:me-central-1:123456789012:service/vancelian-dev-api-cluster/ganopa-dev-bot-svc"
    assert pattern(template, "ecs-deployment-failed") == ACCOUNT | {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": [service],
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
    }


def test_only_certificates_for_the_services_host_start_a_runbook(template: Template) -> None:
    assert pattern(template, "certificate-expiring") == ACCOUNT | {
        "source": ["aws.acm"],
        "detail-type": ["ACM Certificate Approaching Expiration", "ACM Certificate Expired"],
        "detail": {"CommonName": ["api.maisonganopa.com", "*.maisonganopa.com"]},
    }


def test_only_the_services_own_pipeline_starts_a_runbook(template: Template) -> None:
    assert pattern(template, "pipeline-finished") == ACCOUNT | {
        "source": ["pipeline"],
        "detail-type": ["Deployment finished"],
        "detail": {"service": ["ganopa-bot"]},
    }


def test_an_alarm_rings_only_when_no_target_is_registered(template: Template) -> None:
    alarm = template.one("CloudWatch::Alarm", AlarmName="ganopa-bot-no-targets")[1]
    assert (alarm["MetricName"], alarm["ComparisonOperator"]) == ("HealthyHostCount", "LessThanThreshold")
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (0, "breaching")


def test_only_the_services_own_executions_that_ended_early_are_tidied_up_after(template: Template) -> None:
    assert pattern(template, "ended-early") == ACCOUNT | {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [f"{MACHINES}:ganopa-bot-{name.replace('_', '-')}" for name in SERVICE.runbooks],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }


def test_an_empty_target_group_rings_the_alarm_too(template: Template) -> None:
    alarm = template.one("CloudWatch::Alarm", AlarmName="ganopa-bot-unhealthy-hosts")[1]
    assert alarm["TreatMissingData"] == "breaching"
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "LoadBalancer": "app/maisonganopa-alb/50dc6c495c0c9188",
        "TargetGroup": "targetgroup/ganopa-dev-bot-tg/50dc6c495c0c9188",
    }


def test_a_quiet_load_balancer_rings_no_alarm(template: Template) -> None:
    alarm = template.one("CloudWatch::Alarm", AlarmName="ganopa-bot-load-balancer-5xx")[1]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/maisonganopa-alb/50dc6c495c0c9188"}]


def test_a_service_without_the_resource_of_its_alarm_is_an_error() -> None:
    from aws_cdk import Stack
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_sqs as sqs

    stack = Stack()
    dispatch = lambda_.Function.from_function_name(stack, "Dispatch", "dispatch")
    resources = {name: value for name, value in SERVICE.resources.items() if name != "load_balancer"}
    broken = SERVICE.model_copy(update={"resources": resources})
    with pytest.raises(load.FileError, match="service ganopa-bot: resources: its alarms and events need load_balancer"):
        Triggers(stack, broken, dispatch, dispatch, sqs.Queue(stack, "Queue"))
