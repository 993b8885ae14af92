"""The load balancer's metrics, those that the watch emits, and the alarms on them."""

import contextlib
import datetime
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch import cloudwatch_backends

from sandbox.account import ACCOUNT, home
from sandbox.speed import sandbox_seconds
from sandbox.untyped import Client, Model

NAMESPACE = "AWS/ApplicationELB"
WATCHED = ("Runbooks", "Unwell")  # of what functions emit, the one metric by which an alarm starts a runbook
KEPT_SECONDS = sandbox_seconds(3 * 3600)
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": (float.__ge__, "greater than or equal to"),
    "GreaterThanThreshold": (float.__gt__, "greater than"),
    "LessThanThreshold": (float.__lt__, "less than"),
    "LessThanOrEqualToThreshold": (float.__le__, "less than or equal to"),
}
Series = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """Datapoints by metric name and dimensions, as (monotonic seconds, value)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._points: dict[Series, deque[tuple[float, float]]] = {}

    def record(self, name: str, value: float, **dimensions: str) -> None:
        """Add one datapoint, here and where GetMetricData finds it."""
        self.note(name, value, dimensions)
        named = [{"Name": key, "Value": text} for key, text in dimensions.items()]
        datum = {"MetricName": name, "Value": value, "Dimensions": named}
        cloudwatch_backends[ACCOUNT][home()].put_metric_data(NAMESPACE, [datum])

    def note(self, name: str, value: float, dimensions: Mapping[str, str]) -> None:
        """Add one datapoint here."""
        now = time.monotonic()
        with self._lock:
            points = self._points.setdefault((name, frozenset(dimensions.items())), deque())
            points.append((now, float(value)))
            while points[0][0] < now - KEPT_SECONDS:
                points.popleft()

    def between(self, series: Series, start: float, end: float) -> list[float]:
        """Return the values in a window."""
        with self._lock:
            return [value for at, value in self._points.get(series, ()) if start <= at < end]

    def clear(self) -> None:
        """Forget all datapoints."""
        with self._lock:
            self._points.clear()

    def forget(self, name: str) -> None:
        """Forget the datapoints of one metric."""
        with self._lock:
            self._points = {series: points for series, points in self._points.items() if series[0] != name}


@dataclass(frozen=True)
class Evaluation:
    """An alarm's new state with AWS's explanation."""

    state: str
    reason: str
    data: dict[str, Any]


def evaluate(alarm: Model, metrics: Metrics, now: float) -> Evaluation | None:
    """Evaluate one alarm; None where its state is to be kept."""
    series = (alarm.metric_name, frozenset((dimension.name, dimension.value) for dimension in alarm.dimensions))
    period, periods = sandbox_seconds(int(alarm.period)), int(alarm.evaluation_periods)
    windows = [metrics.between(series, now - (n + 1) * period, now - n * period) for n in range(periods)]
    points = [STATISTICS[alarm.statistic](window) if window else None for window in windows]
    breaching = _breaching(alarm, points)
    if breaching is None:
        text = "Insufficient Data: no datapoints were received."
        return None if alarm.treat_missing_data == "ignore" else Evaluation("INSUFFICIENT_DATA", text, {})
    state = "ALARM" if breaching >= int(alarm.datapoints_to_alarm or periods) else "OK"
    return Evaluation(state, _reason(alarm, state, points), _data(alarm, points))


def _breaching(alarm: Model, points: list[float | None]) -> int | None:
    compare, _ = COMPARISONS[alarm.comparison_operator]
    known = [compare(point, float(alarm.threshold)) for point in points if point is not None]
    missing = alarm.treat_missing_data or "missing"
    if not known and missing in ("missing", "ignore"):
        return None
    return sum(known) + (len(points) - len(known) if missing == "breaching" else 0)


def _reason(alarm: Model, state: str, points: list[float | None]) -> str:
    known = [point for point in points if point is not None]
    if not known:
        treated = f"{len(points)} missing datapoint(s) treated as {alarm.treat_missing_data}"
        return f"Threshold Crossed: no datapoints were received for {len(points)} period(s) and {treated}."
    stamp = datetime.datetime.now(datetime.UTC).strftime("%d/%m/%y %H:%M:00")
    listed = ", ".join(f"{point} ({stamp})" for point in known)
    noun, verb = ("datapoint", "was") if len(known) == 1 else ("datapoints", "were")
    compared = f"{verb}{'' if state == 'ALARM' else ' not'} {COMPARISONS[alarm.comparison_operator][1]}"
    return f"Threshold Crossed: {len(known)} {noun} [{listed}] {compared} the threshold ({float(alarm.threshold)})."


def _data(alarm: Model, points: list[float | None]) -> dict[str, Any]:
    stamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    return {
        "version": "1.0",
        "queryDate": stamp,
        "startDate": stamp,
        "statistic": alarm.statistic,
        "period": int(alarm.period),
        "recentDatapoints": [point for point in points if point is not None],
        "threshold": float(alarm.threshold),
        "evaluatedDatapoints": [{"timestamp": stamp, "value": point} for point in points if point is not None],
    }


def _emitted() -> Metrics:
    from sandbox.context import current  # which has these metrics

    return current().emitted


class Alarms:
    """Evaluates the alarms on the watch's metrics, and a load balancer's if given; `tick` reports by SetAlarmState."""

    def __init__(self, metrics: Metrics | None, cloudwatch: Client, emitted: Callable[[], Metrics] = _emitted) -> None:
        self._metrics = metrics
        self._emitted = emitted
        self._cloudwatch = cloudwatch
        self._evaluating = threading.Lock()

    def tick(self) -> None:
        """Evaluate all alarms now."""
        with self._evaluating:
            if self._metrics:
                for alarm in _metric_alarms(NAMESPACE):
                    self._evaluate(alarm, self._metrics)
            for alarm in _metric_alarms(*WATCHED):
                self._evaluate(alarm, self._emitted())

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Keep every alarm as it is: what somebody does to the world meanwhile rings none."""
        with self._evaluating:
            yield

    def _evaluate(self, alarm: Model, metrics: Metrics) -> None:
        evaluation = evaluate(alarm, metrics, time.monotonic())
        if evaluation and evaluation.state != alarm.state_value:
            self._cloudwatch.set_alarm_state(
                AlarmName=alarm.name,
                StateValue=evaluation.state,
                StateReason=evaluation.reason,
                StateReasonData=json.dumps(evaluation.data),
            )

    def ringing(self) -> list[str]:
        """Return the names of the load balancer's alarms that are in ALARM."""
        return [alarm.name for alarm in _metric_alarms(NAMESPACE) if alarm.state_value == "ALARM"]


def _metric_alarms(namespace: str, metric: str = "") -> Iterable[Any]:
    """List the alarms on a namespace's metrics, or on one of them."""
    alarms: dict[str, Any] = cloudwatch_backends[ACCOUNT][home()].alarms
    found = [alarm for alarm in list(alarms.values()) if alarm.namespace == namespace]
    return [alarm for alarm in found if metric in ("", alarm.metric_name)]
