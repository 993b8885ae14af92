"""Alarms on the automation itself: whatever failed where nobody would see it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.functions import Functions
from statemachines.model import Service

MINUTE = Duration.minutes(1)


class Watched(NamedTuple):
    """A number that should be zero, a name for it, and what it means when it is not."""

    name: str
    meaning: str
    metric: cloudwatch.IMetric


def watched(
    functions: Functions, machines: Mapping[str, stepfunctions.StateMachine], dead_letters: sqs.IQueue
) -> Iterator[Watched]:
    """List what can go wrong unseen; what a function of the chain fails on shows in its execution, so in two numbers.

    Args:
        functions: the service's.
        machines: its state machines, by the runbook's name.
        dead_letters: where undelivered events and mails go.
    """
    for step, meaning in (
        ("dispatch", "an event may have started nothing"),
        ("tidy_up", "an incident may be left open after its execution has ended"),
        ("approval_page", "an approver may have seen an error instead of the question"),
    ):
        function, name = functions[f"workflow/{step}"], step.replace("_", "-")
        yield Watched(f"{name}-errors", meaning, function.metric_errors(period=MINUTE))
        yield Watched(f"{name}-throttles", f"{meaning}: Lambda throttled it", function.metric_throttles(period=MINUTE))
    for runbook, machine in machines.items():
        name = runbook.replace("_", "-")
        yield Watched(f"{name}-failed", "an execution failed", machine.metric_failed(period=MINUTE))
        yield Watched(f"{name}-timed-out", "an execution took over a day", machine.metric_timed_out(period=MINUTE))
        yield Watched(f"{name}-throttled", "Step Functions throttled", machine.metric_throttled(period=MINUTE))
    waiting = dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
    yield Watched("dead-letters", "an event or a mail was not delivered; the queue holds it", waiting)


class Alarms(Construct):
    """An alarm for each number, told to the operations topic."""

    def __init__(self, scope: Construct, service: Service, numbers: Iterator[Watched], operations: sns.ITopic) -> None:
        super().__init__(scope, "Alarms")
        for one in numbers:
            alarm = cloudwatch.Alarm(
                self,
                one.name,
                alarm_name=f"{service.name}-runbooks-{one.name}",
                alarm_description=f"Runbooks of {service.name}: {one.meaning}",
                metric=one.metric,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                threshold=0,
                evaluation_periods=1,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
            alarm.add_alarm_action(actions.SnsAction(operations))
