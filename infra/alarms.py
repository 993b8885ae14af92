"""Alarms on the automation itself: whatever failed where nobody would see it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

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
A_DAY = 26  # hours from one drill to the next, which may be 25, and the hour that is not over yet
WATCHES = 3  # that may be missed one after another
LOUD: dict[str, Any] = {
    "comparison_operator": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    "treat_missing_data": cloudwatch.TreatMissingData.NOT_BREACHING,
}
SILENT: dict[str, Any] = {
    "comparison_operator": cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    "treat_missing_data": cloudwatch.TreatMissingData.BREACHING,
}


class Watched(NamedTuple):
    """A number that should be zero, a name for it, and what it means when it is not.

    With `silent` it is the other way round: a number that should come, and means that when it has not for so many of
    the metric's periods.
    """

    name: str
    meaning: str
    metric: cloudwatch.IMetric
    silent: int = 0


def watched(
    functions: Functions, machines: Mapping[str, stepfunctions.StateMachine], dead_letters: sqs.IQueue
) -> Iterator[Watched]:
    """List what can go wrong unseen; what a function of the chain fails on shows in its execution, so in two numbers.

    Args:
        functions: the service's.
        machines: its state machines, by the runbook's name, the drill's and the watch's among them.
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
        yield Watched(f"{name}-timed-out", "an execution took too long", machine.metric_timed_out(period=MINUTE))
        yield Watched(f"{name}-throttled", "Step Functions throttled", machine.metric_throttled(period=MINUTE))
    waiting = dead_letters.metric_approximate_number_of_messages_visible(period=MINUTE, statistic="Maximum")
    yield Watched("dead-letters", "an event or a mail was not delivered; the queue holds it", waiting)


def missed(service: Service) -> Iterator[Watched]:
    """Watch that drills and audits come to their end, which their reports in functions/workflow say."""
    hour = Duration.hours(1)
    meaning = "no drill has ended for over a day: what is stale is not known"
    yield Watched("drill-missed", meaning, _ended(service, "Drill", hour), A_DAY)
    if service.audit:
        meaning = "no audit has ended for over a day: whether the checklist still holds is not known"
        yield Watched("audit-missed", meaning, _ended(service, "Audit", hour), A_DAY)


def unwatched(service: Service) -> Iterator[Watched]:
    """Watch that the watch, where there is one, comes to its end, which functions/workflow/report_watch.py says."""
    if service.watch:
        ended = _ended(service, "Watch", Duration.minutes(service.watch.minutes))
        yield Watched("watch-missed", "no watch has ended lately: how the service is is not known", ended, WATCHES)


def _ended(service: Service, what: str, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="Runbooks",
        metric_name=what,
        dimensions_map={"service": service.name},
        statistic="Sum",
        period=period,
    )


class Alarms(Construct):
    """An alarm for each number, told to the operations topic."""

    def __init__(self, scope: Construct, service: Service, numbers: Iterable[Watched], operations: sns.ITopic) -> None:
        super().__init__(scope, "Alarms")
        for one in numbers:
            alarm = cloudwatch.Alarm(
                self,
                one.name,
                alarm_name=f"{service.name}-runbooks-{one.name}",
                alarm_description=f"Runbooks of {service.name}: {one.meaning}",
                metric=one.metric,
                threshold=0,
                **(SILENT if one.silent else LOUD),
                evaluation_periods=one.silent or 1,
            )
            alarm.add_alarm_action(actions.SnsAction(operations))
