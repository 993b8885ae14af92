"""Alarms on the load balancer's metrics ring and calm down as on AWS."""

import json
import time
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox import lambda_logs
from sandbox.context import current
from sandbox.lambda_function import FunctionConfig
from sandbox.metrics import Metrics, evaluate
from sandbox.world import World

pytest_plugins = ["tests.sandbox.world_fixture"]

BALANCER = "app/maisonganopa-alb/50dc6c495c0c9188"
GROUP = "targetgroup/ganopa-dev-bot-tg/50dc6c495c0c9188"


def put(world: World, name: str, metric: str, statistic: str, **dimensions: str) -> None:
    world.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic=statistic,
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )


def alarms(world: World) -> dict[str, dict[str, Any]]:
    return {alarm["AlarmName"]: alarm for alarm in world.aws("cloudwatch").describe_alarms()["MetricAlarms"]}


def states(world: World) -> dict[str, str]:
    return {name: alarm["StateValue"] for name, alarm in alarms(world).items()}


def test_alarms_ring_and_calm_down(world: World) -> None:
    put(world, "errors", "HTTPCode_ELB_5XX_Count", "Sum", LoadBalancer=BALANCER)
    put(world, "hosts", "UnHealthyHostCount", "Maximum", LoadBalancer=BALANCER, TargetGroup=GROUP)
    calm = {"errors": "OK", "hosts": "OK"}
    world.wait_until(lambda: states(world) == calm, 10)
    world.break_("closed-port")
    world.wait_until(lambda: states(world) == {"errors": "ALARM", "hosts": "ALARM"}, 10)
    errors = alarms(world)["errors"]
    assert errors["StateReason"].startswith("Threshold Crossed: 1 datapoint [")
    assert errors["StateReason"].endswith(")] was greater than or equal to the threshold (1.0).")
    assert json.loads(errors["StateReasonData"])["recentDatapoints"][0] >= 1
    assert set(world.alarms.ringing()) == {"errors", "hosts"}
    world.heal()
    assert states(world) == calm
    found = world.aws("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB")["Metrics"]
    assert {"RequestCount", "HealthyHostCount", "HTTPCode_ELB_503_Count"} <= {metric["MetricName"] for metric in found}


def alarm(**changes: object) -> SimpleNamespace:
    standard = {
        "namespace": "AWS/ApplicationELB",
        "metric_name": "M",
        "dimensions": [],
        "period": 60,
        "evaluation_periods": 1,
        "datapoints_to_alarm": None,
        "statistic": "Sum",
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 1.0,
        "treat_missing_data": None,
    }
    return SimpleNamespace(**{**standard, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "ALARM"),
        ({"threshold": 2.0}, "OK"),
        ({"threshold": 2.0, "comparison_operator": "GreaterThanOrEqualToThreshold"}, "ALARM"),
        ({"statistic": "Maximum"}, "OK"),
        ({"statistic": "Average", "comparison_operator": "LessThanThreshold", "threshold": 1.5}, "ALARM"),
        ({"evaluation_periods": 2}, "OK"),
        ({"evaluation_periods": 2, "datapoints_to_alarm": 1}, "ALARM"),
        ({"evaluation_periods": 2, "treat_missing_data": "breaching"}, "ALARM"),
    ],
)
def test_evaluation(changes: dict[str, Any], expected: str) -> None:
    metrics = Metrics()
    metrics.record("M", 1)
    metrics.record("M", 1)
    evaluation = evaluate(alarm(**changes), metrics, time.monotonic())
    assert evaluation is not None
    assert evaluation.state == expected


@pytest.mark.parametrize(
    ("treat", "expected"),
    [("missing", "INSUFFICIENT_DATA"), ("ignore", None), ("notBreaching", "OK"), ("breaching", "ALARM")],
)
def test_missing_data(treat: str, expected: str | None) -> None:
    metrics = Metrics()
    metrics.record("M", 1)
    metrics.clear()
    evaluation = evaluate(alarm(treat_missing_data=treat), metrics, time.monotonic())
    assert (evaluation.state if evaluation else None) == expected


def test_what_functions_print_rings_the_alarm_that_starts_a_runbook_and_no_other(world: World) -> None:
    function = SimpleNamespace(log_group="/aws/lambda/watch")
    world.aws("logs").create_log_group(logGroupName=function.log_group)
    for name in ("Unwell", "Drill"):
        world.aws("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="Runbooks",
            MetricName=name,
            Dimensions=[{"Name": "service", "Value": "shop"}],
            Statistic="Maximum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="ignore",
        )
    for value, state in ((1.0, "ALARM"), (0.0, "OK")):
        current().emitted.clear()  # a period later
        both = [{"Name": "Unwell"}, {"Name": "Drill"}]
        directive = {"Namespace": "Runbooks", "Dimensions": [["service"]], "Metrics": both}
        line = {"_aws": {"CloudWatchMetrics": [directive]}, "service": "shop", "Unwell": [value], "Drill": [value]}
        lambda_logs.keep(cast(FunctionConfig, function), json.dumps(line))
        expected = {"Unwell": state, "Drill": "INSUFFICIENT_DATA"}
        world.wait_until(partial(_are, world, expected), 10)
        assert world.alarms.ringing() == [], "the load balancer's are meant"
    current().emitted.clear()
    time.sleep(0.3)
    assert states(world)["Unwell"] == "OK"


def test_an_alarm_with_other_dimensions_never_rings(world: World) -> None:
    put(world, "typo", "HTTPCode_ELB_5XX_Count", "Sum", LoadBalancer=f"{BALANCER}0")
    world.break_("desired-zero")
    world.wait_until(lambda: world.telegram.status == 503, 10)
    time.sleep(0.3)
    assert states(world)["typo"] == "OK"


def test_healing_sends_the_events_of_the_alarms_that_calm_down(world: World) -> None:
    put(world, "errors", "HTTPCode_ELB_5XX_Count", "Sum", LoadBalancer=BALANCER)
    world.break_("closed-port")
    world.wait_until(lambda: "errors" in world.alarms.ringing(), 10)
    queue = listen(world)
    world.heal()
    received = world.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    detail = json.loads(received["Body"])["detail"]
    assert (detail["alarmName"], detail["previousState"]["value"], detail["state"]["value"]) == (
        "errors",
        "ALARM",
        "OK",
    )


def _are(world: World, expected: dict[str, str]) -> bool:
    return expected.items() <= states(world).items()


def listen(world: World) -> str:
    """Send the events of the alarm "errors" to a queue; return its address."""
    sqs, events = world.aws("sqs"), world.aws("events")
    url = str(sqs.create_queue(QueueName="changes")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [allow]})})
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": ["errors"]}}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    return url
