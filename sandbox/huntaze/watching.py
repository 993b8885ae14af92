"""What tells people of a region: alarms on everything that it has, and log groups that are not kept for ever."""

from __future__ import annotations

from typing import Any

from sandbox.huntaze.place import APP, ROUTER, Place
from sandbox.huntaze.undo import Undo

TOPIC = "huntaze-alerts"
DAYS = 30
# in every region, as the audit wants them there, whatever is in it
ALARMS = {
    "alb": ("AWS/ApplicationELB", ("HTTPCode_ELB_5XX_Count", "TargetResponseTime")),
    "ecs": ("AWS/ECS", ("CPUUtilization", "MemoryUtilization")),
    "rds": ("AWS/RDS", ("CPUUtilization", "FreeStorageSpace", "DatabaseConnections")),
    "redis": ("AWS/ElastiCache", ("DatabaseMemoryUsagePercentage", "Evictions")),
    "sqs": ("AWS/SQS", ("ApproximateAgeOfOldestMessage",)),
}
SILENT = "huntaze-app-ecs-pending"


def build(place: Place) -> None:
    """Make them."""
    place.aws("sns").create_topic(Name=TOPIC)
    for kind in ALARMS:
        _alarm(place, kind)
    for group in _groups(place):
        place.aws("logs").create_log_group(logGroupName=group)
        place.aws("logs").put_retention_policy(logGroupName=group, retentionInDays=DAYS)


def look(place: Place) -> Any:
    """Return what is to stay as it is."""
    names = [SILENT, *(name for kind in ALARMS for name in _names(place, kind))]
    alarms = place.aws("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    groups = place.aws("logs").describe_log_groups(logGroupNamePrefix="/ecs/")["logGroups"]
    return (
        sorted((one["AlarmName"], one["ActionsEnabled"], one["AlarmActions"]) for one in alarms),
        [one.get("retentionInDays") for one in groups if one["logGroupName"] in _groups(place)],
    )


def no_alarm(kind: str, undo: Undo) -> None:
    """Somebody has deleted the alarms on one kind of resource."""
    APP.aws("cloudwatch").delete_alarms(AlarmNames=_names(APP, kind))
    undo.callback(_alarm, APP, kind)


def deaf(undo: Undo) -> None:
    """Somebody has made an alarm that does nothing."""
    _put(APP, SILENT, "AWS/ECS", "PendingTaskCount", [])
    undo.callback(APP.aws("cloudwatch").delete_alarms, AlarmNames=[SILENT])


def no_retention(undo: Undo) -> None:
    """Somebody has let a log group keep its events for ever."""
    logs, which = ROUTER.aws("logs"), {"logGroupName": _groups(ROUTER)[0]}
    logs.delete_retention_policy(**which)
    undo.callback(logs.put_retention_policy, **which, retentionInDays=DAYS)


def _alarm(place: Place, kind: str) -> None:
    namespace, metrics = ALARMS[kind]
    for name, metric in zip(_names(place, kind), metrics, strict=True):
        _put(place, name, namespace, metric, [place.arn("sns", TOPIC)])


def _put(place: Place, name: str, namespace: str, metric: str, actions: list[str]) -> None:
    place.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName=metric,
        Statistic="Average",
        Period=300,
        EvaluationPeriods=2,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=actions,
    )


def _names(place: Place, kind: str) -> list[str]:
    return [f"{place.name}-{kind}-{metric}" for metric in ALARMS[kind][1]]


def _groups(place: Place) -> list[str]:
    return [f"/ecs/{name}" for name in place.services]
