"""What a watch says in numbers: the level, whether a runbook is called for, and what the checklist measures."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis
from functions.core.levels import LEVELS, URGENT
from functions.core.permissions import allow
from statemachines.model import Service

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

NAMESPACE = "Runbooks"
AVERAGES = allow("cloudwatch:GetMetricStatistics")
DAY = timedelta(days=1)
ENOUGH = 0.95  # of a day's watches: what fewer have seen is no day's average
Numbers = Mapping[tuple[str, str], float]


def needed(diagnosis: Diagnosis) -> bool | None:
    """Say whether a runbook is called for: it is not seen to be well, and the evidence proves one of its causes.

    One that tells levels is called for where it is more than a warning. None where neither that nor the contrary is
    known.
    """
    if diagnosis.level:
        urgent = diagnosis.level in URGENT
        return None if diagnosis.may_be_worse and not urgent else urgent
    if diagnosis.healthy:
        return False
    return True if diagnosis.confirmed else None


def count(service: str, diagnosis: Diagnosis, called_for: Mapping[str, bool | None], numbers: Numbers) -> None:
    """Emit it all; what is not known is not emitted. That the watch has ended is what an alarm waits for."""
    metrics = Metrics(namespace=NAMESPACE, service=service)
    metrics.add_metric("Watch", MetricUnit.Count, 1)
    known = diagnosis.level in LEVELS
    if known:
        metrics.add_metric("Level", MetricUnit.NoUnit, LEVELS.index(diagnosis.level))
    metrics.add_metric("LevelUnknown", MetricUnit.Count, int(not known or diagnosis.may_be_worse))
    for (name, unit), value in numbers.items():
        metrics.add_metric(name, unit, value)
    metrics.flush_metrics()
    for runbook, call in called_for.items():
        if call is not None:
            of_runbook = Metrics(namespace=NAMESPACE, service=service)
            of_runbook.add_dimension("runbook", runbook)
            of_runbook.add_metric("Unwell", MetricUnit.Count, int(call))
            of_runbook.flush_metrics()


def averages(aws: Session, service: Service, names: Iterable[str]) -> dict[str, float]:
    """Read a day's averages of a service's metrics, by name; those that nearly every watch of the day has told."""
    cloudwatch: CloudWatchClient = aws.client("cloudwatch")
    end, found = datetime.now(UTC) + timedelta(minutes=1), {}  # which is not part of it
    for name in names:
        points = cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "service", "Value": service.name}],
            StartTime=end - DAY,
            EndTime=end,
            Period=int(DAY.total_seconds()),
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        samples = sum(point["SampleCount"] for point in points)  # of two periods, where one ends within the day
        if service.watch and samples >= ENOUGH * DAY / timedelta(minutes=service.watch.minutes):
            found[name] = sum(point["Sum"] for point in points) / samples
    return found
