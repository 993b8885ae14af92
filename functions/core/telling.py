"""What the alarms of a region watch, and whether they tell anybody."""

import re
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.listed import Listed, listed

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import CompositeAlarmTypeDef, MetricAlarmTypeDef

PAGE = 100
PEOPLE = {"sns", "lambda", "ssm", "ssm-incidents"}  # the others add tasks, or stop an instance, and tell nobody
QUOTED = re.compile(r'"([^"]+)"')
CHOOSING = re.compile(r"\b(WHERE|SEARCH)\b", re.IGNORECASE)  # in a query's text: not all of a kind


class Watching(NamedTuple):
    """An alarm, the namespaces of its metrics, whether it tells people (None: unknown), and why it would not."""

    name: str
    namespaces: frozenset[str]
    tells: bool | None
    why: str


def read(aws: Session, region: str, named: str) -> Listed[Watching]:
    """Read the alarms on metrics, in time, but for those whose actions are for machines only, as to scale.

    Those that are about resources whose names do not have the word are left out; where nobody knows what one is about,
    nobody knows whether it tells.

    What has no action may be told by a composite alarm: nobody knows, where one names it or not all were read.
    """
    pages = (
        aws.client("cloudwatch", region)
        .get_paginator("describe_alarms")
        .paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"], PaginationConfig={"PageSize": PAGE})
    )
    answers = listed(pages, lambda page: [page])
    alarms = [one for page in answers.found for one in page.get("MetricAlarms", [])]
    composites = [one for page in answers.found for one in page.get("CompositeAlarms", [])]
    spoken = any(one.get("ActionsEnabled") and _people(one) for one in composites)
    rules = "\n".join(one.get("AlarmRule", "") for one in composites) if spoken else ""

    def silent(name: str) -> bool | None:
        return None if name in rules or not answers.whole else False

    return Listed(
        [
            Watching(name, _namespaces(one), (_tells(one) or silent(name)) if about else None, _why(one))
            for one in alarms
            for name, about in [(one["AlarmName"], _about(one, named))]
            if about is not False and (_people(one) or not one.get("AlarmActions"))
        ],
        answers.whole,
    )


def but(alarms: Listed[Watching], own: str) -> Listed[Watching]:
    """Leave out those whose names begin so; none where that is empty."""
    return alarms._replace(found=[one for one in alarms.found if not own or not one.name.startswith(own)])


def on(alarms: Listed[Watching], namespaces: set[str]) -> Listed[Watching]:
    """Choose those that watch one of these."""
    return alarms._replace(found=[one for one in alarms.found if one.namespaces & namespaces])


def one_tells(alarms: Listed[Watching], *, somebody: bool) -> bool | None:
    """Say whether one of them tells somebody, or one tells nobody; unknown where only one may that is unknown."""
    return alarms.any(lambda one: None if one.tells is None else one.tells is somebody)


def _about(alarm: "MetricAlarmTypeDef", named: str) -> bool | None:
    """Say whether it watches a resource whose name has the word, or all of a kind; unknown of a query that chooses."""
    queries = alarm.get("Metrics", [])
    metrics = [one["MetricStat"]["Metric"] for one in queries if "MetricStat" in one]
    values = [each["Value"] for one in (alarm, *metrics) for each in one.get("Dimensions", [])]
    chosen = [one["Expression"] for one in queries if CHOOSING.search(one.get("Expression", ""))]
    if any(named in text for text in [*values, *chosen]):
        return True
    return None if chosen else not values


def _people(alarm: "MetricAlarmTypeDef | CompositeAlarmTypeDef") -> bool:
    """Say whether one of its actions may reach people."""
    return any(action.split(":")[2] in PEOPLE for action in alarm.get("AlarmActions", []))


def _tells(alarm: "MetricAlarmTypeDef") -> bool:
    return _people(alarm) and alarm.get("ActionsEnabled", False)


def _why(alarm: "MetricAlarmTypeDef") -> str:
    """Name what is missing, in CloudWatch's words; empty where nothing is."""
    if not _people(alarm):
        return "AlarmActions []"
    return "" if alarm.get("ActionsEnabled") else "ActionsEnabled false"


def _namespaces(alarm: "MetricAlarmTypeDef") -> frozenset[str]:
    """List them: of its one metric, of the metrics in a formula, or what a query's text quotes."""
    queries = alarm.get("Metrics", [])
    of_metrics = {one["MetricStat"]["Metric"].get("Namespace", "") for one in queries if "MetricStat" in one}
    quoted = {word for one in queries for word in QUOTED.findall(one.get("Expression", ""))}
    return frozenset({alarm.get("Namespace", "")} | of_metrics | quoted)
