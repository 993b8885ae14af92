"""What starts a runbook: alarms and ECS events of exactly this service, handed to dispatch; and what ends one early."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import DISPATCH_MINUTES
from statemachines.load import FileError
from statemachines.model import WATCH, Alarm, Service

ATTEMPTS = 5
LOAD_BALANCER = "AWS/ApplicationELB"


class Triggers(Construct):
    """The alarms that the service file asks for, and a rule for each kind of event."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        dispatch: lambda_.IFunction,
        tidy_up: lambda_.IFunction,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Triggers")
        self._service, self._dead_letters = service, dead_letters
        kinds = {alarm.kind for use in service.runbooks.values() for alarm in use.alarms}
        if "load-balancer-5xx" in kinds:
            _errors(self, service)
        if "unhealthy-hosts" in kinds:
            _hosts(self, service, UNHEALTHY)
        if "no-targets" in kinds:
            _hosts(self, service, NO_TARGETS)
        for runbook in service.watched:
            _unwell(self, service, runbook)
        for name, pattern in _patterns(service):
            self._rule(name, f"Starts the runbooks of {service.name}", pattern, dispatch)
        self._rule("ended-early", "Tidies up after executions that did not come to their end", _ended(service), tidy_up)

    def _rule(self, name: str, description: str, pattern: dict[str, Any], function: lambda_.IFunction) -> None:
        service = self._service
        rule = events.Rule(
            self,
            name,
            rule_name=f"{service.name}-{name}",
            description=description,
            event_pattern=events.EventPattern(account=[service.account], region=[service.region], **pattern),
        )
        rule.add_target(
            targets.LambdaFunction(
                function,
                dead_letter_queue=self._dead_letters,
                max_event_age=Duration.minutes(DISPATCH_MINUTES),
                retry_attempts=ATTEMPTS,
            )
        )


def _errors(scope: Construct, service: Service) -> None:
    """Alarm when the load balancer itself answered an error in two of three minutes: one alone may be a hiccup."""
    cloudwatch.Alarm(
        scope,
        "load-balancer-5xx",
        alarm_name=f"{service.name}-load-balancer-5xx",
        alarm_description=f"The load balancer of {service.title} answers 502, 503 or 504 itself",
        metric=cloudwatch.Metric(
            namespace=LOAD_BALANCER,
            metric_name="HTTPCode_ELB_5XX_Count",
            dimensions_map={"LoadBalancer": _suffix(service, "load_balancer")},
            statistic="Sum",
            period=Duration.minutes(1),
        ),
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold=1,
        evaluation_periods=3,
        datapoints_to_alarm=2,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


class Hosts(NamedTuple):
    """An alarm on the number of healthy targets, which an empty target group does not report at all."""

    kind: str
    meaning: str
    less_than: int
    minutes: int


UNHEALTHY = Hosts("unhealthy-hosts", "No target of {title} is healthy, or none is registered", 1, 2)
NO_TARGETS = Hosts("no-targets", "No target of {title} is registered", 0, 5)  # no number is so low: only none counts


def _hosts(scope: Construct, service: Service, hosts: Hosts) -> None:
    """Alarm when fewer targets are healthy for some minutes, or nothing is reported: missing data is as bad."""
    cloudwatch.Alarm(
        scope,
        hosts.kind,
        alarm_name=f"{service.name}-{hosts.kind}",
        alarm_description=hosts.meaning.format(title=service.title),
        metric=cloudwatch.Metric(
            namespace=LOAD_BALANCER,
            metric_name="HealthyHostCount",
            dimensions_map={
                "LoadBalancer": _suffix(service, "load_balancer"),
                "TargetGroup": _suffix(service, "target_group"),
            },
            statistic="Minimum",
            period=Duration.minutes(1),
        ),
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold=hosts.less_than,
        evaluation_periods=hosts.minutes,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    )


def _unwell(scope: Construct, service: Service, runbook: str) -> None:
    """Alarm when the watch finds what a runbook is for.

    One look is enough: it names a cause, not a number, and the runbook looks again before it asks anybody. Where a look
    could tell nothing, the alarm stays as it is; that nobody looks at all, the alarm `watch-missed` says.
    """
    minutes = service.watch.minutes if service.watch else 0
    cloudwatch.Alarm(
        scope,
        f"{WATCH}-{runbook}",
        alarm_name=service.alarm_name(Alarm(kind=WATCH), runbook),
        alarm_description=f"The watch of {service.title} finds what the runbook {runbook} is for",
        metric=cloudwatch.Metric(
            namespace="Runbooks",
            metric_name="Unwell",
            dimensions_map={"service": service.name, "runbook": runbook},
            statistic="Maximum",
            period=Duration.minutes(minutes),
        ),
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold=1,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
    )


def _patterns(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each rule's name and what it matches: https://docs.aws.amazon.com/eventbridge/latest/ref/events.html."""
    kinds = {kind for use in service.runbooks.values() for kind in use.events}
    if service.alarms:
        detail: dict[str, Any] = {"alarmName": sorted(service.alarms)}  # its end lets an open question look again
        yield "alarm", _pattern("aws.cloudwatch", "CloudWatch Alarm State Change", detail=detail)
    if "ecs-task-stopped" in kinds:
        detail = {
            "clusterArn": [_ecs(service, f"cluster/{_resource(service, 'cluster')}")],
            "group": [f"service:{_resource(service, 'ecs_service')}"],
            "lastStatus": ["STOPPED"],
            "stopCode": ["EssentialContainerExited", "TaskFailedToStart"],
        }
        yield "ecs-task-stopped", _pattern("aws.ecs", "ECS Task State Change", detail=detail)
    if "ecs-deployment-failed" in kinds:
        arn = _ecs(service, f"service/{_resource(service, 'cluster')}/{_resource(service, 'ecs_service')}")
        detail = {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}
        yield (
            "ecs-deployment-failed",
            _pattern("aws.ecs", "ECS Deployment State Change", detail=detail, resources=[arn]),
        )
    if "certificate-expiring" in kinds:
        host = _resource(service, "host")
        names = {"CommonName": [host, f"*.{host.partition('.')[2]}"]}
        pattern = _pattern("aws.acm", "ACM Certificate Approaching Expiration", "ACM Certificate Expired", detail=names)
        yield "certificate-expiring", pattern
    if "pipeline-finished" in kinds:
        yield "pipeline-finished", _pattern("pipeline", "Deployment finished", detail={"service": [service.name]})


def _ended(service: Service) -> dict[str, Any]:
    """Match executions of the service's own state machines that ended otherwise than by success."""
    detail = {
        "stateMachineArn": [service.state_machine_arn(name) for name in service.runbooks],
        "status": ["FAILED", "TIMED_OUT", "ABORTED"],
    }
    return _pattern("aws.states", "Step Functions Execution Status Change", detail=detail)


def _pattern(source: str, *detail_types: str, **rest: object) -> dict[str, Any]:
    return {"source": [source], "detail_type": list(detail_types), **rest}


def _ecs(service: Service, resource: str) -> str:
    return f"arn:aws:ecs:{service.region}:{service.account}:{resource}"


def _suffix(service: Service, name: str) -> str:
    """Return what CloudWatch calls a load balancer or target group: its ARN's end, from app/ or targetgroup/ on."""
    return _resource(service, name).rpartition(":")[2].removeprefix("loadbalancer/")


def _resource(service: Service, name: str) -> str:
    if name not in service.resources:
        raise FileError(f"service {service.name}: resources: its alarms and events need {name}")
    return str(service.resources[name])
