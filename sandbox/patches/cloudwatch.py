"""CloudWatch: a transition of an alarm reaches EventBridge in AWS's shape, and its actions."""

import datetime
import json
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from sandbox.account import ACCOUNT
from sandbox.clients import client
from sandbox.context import current
from sandbox.delivery import NotDelivered
from sandbox.events import put_event
from sandbox.lambda_async import invoke_later
from sandbox.lambda_functions import deployed, may_invoke
from sandbox.patches.replaced import replace

_INITIAL = ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
_ACTIONS = {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}
_ALARM_SERVICE = "lambda.alarms.cloudwatch.amazonaws.com"


def install() -> None:
    """Report transitions, and let new alarms begin without data."""
    replace(CloudWatchBackend, "put_metric_alarm", _put_metric_alarm)
    replace(CloudWatchBackend, "set_alarm_state", _set_alarm_state)


def _put_metric_alarm(self: CloudWatchBackend, *arguments: Any, **options: Any) -> Alarm:
    before = dict(self.alarms)
    alarm: Alarm = replace.original(CloudWatchBackend, "put_metric_alarm")(self, *arguments, **options)
    old = before.get(alarm.name)
    alarm.state_value, alarm.state_reason = (old.state_value, old.state_reason) if old else _INITIAL
    return alarm


def _set_alarm_state(self: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
    alarm = self.alarms.get(alarm_name)
    previous = _state(alarm) if alarm else None
    replace.original(CloudWatchBackend, "set_alarm_state")(self, alarm_name, reason, reason_data, state_value)
    if alarm is None or previous is None or previous["value"] == state_value:
        return
    detail = {
        "alarmName": alarm_name,
        "state": _state(alarm),
        "previousState": previous,
        "configuration": _configuration(alarm),
    }
    put_event("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm.alarm_arn], self.region_name)
    if alarm.actions_enabled:
        for arn in getattr(alarm, _ACTIONS[state_value]) or []:
            current().background.run(_act, alarm, arn, previous["value"], self.region_name)


def _state(alarm: Alarm) -> dict[str, str]:
    state = {
        "value": alarm.state_value,
        "reason": alarm.state_reason,
        "timestamp": _timestamp(alarm.state_updated_timestamp),
    }
    return {**state, "reasonData": alarm.state_reason_data} if alarm.state_reason_data else state


def _configuration(alarm: Alarm) -> dict[str, Any]:
    metrics = [_query(query) for query in alarm.metric_data_queries] or [_metric(alarm)]
    return {"description": alarm.description, "metrics": metrics}


def _metric(alarm: Alarm) -> dict[str, Any]:
    metric = {
        "namespace": alarm.namespace,
        "name": alarm.metric_name,
        "dimensions": {dimension.name: dimension.value for dimension in alarm.dimensions},
    }
    stat = alarm.statistic or alarm.extended_statistic
    return {
        "id": "m1",
        "metricStat": {"metric": metric, "period": int(alarm.period), "stat": stat},
        "returnData": True,
    }


def _query(query: Any) -> dict[str, Any]:
    described = {"id": query.id, "returnData": query.return_data, "expression": query.expression, "label": query.label}
    if query.metric_stat:
        metric = query.metric_stat.metric
        described["metricStat"] = {
            "metric": {
                "namespace": metric.namespace,
                "name": metric.metric_name,
                "dimensions": {dimension.name: dimension.value for dimension in metric.dimensions},
            },
            "period": int(query.metric_stat.period),
            "stat": query.metric_stat.stat,
        }
    return {name: value for name, value in described.items() if value is not None}


def _act(alarm: Alarm, arn: str, previous: str, region: str) -> None:
    service = arn.split(":")[2]
    if service == "sns":
        subject = f'{alarm.state_value}: "{alarm.name}" in {region}'[:99]
        client("sns").publish(TopicArn=arn, Subject=subject, Message=json.dumps(_message(alarm, previous, region)))
    elif service == "lambda":
        function = deployed(arn)
        if not may_invoke(function, _ALARM_SERVICE, alarm.alarm_arn):
            raise NotDelivered("NO_PERMISSIONS", f"The policy of {arn} does not let {alarm.alarm_arn} invoke it")
        invoke_later(function, json.dumps(_message(alarm, previous, region)).encode())
    else:
        raise NotImplementedError(f"The sandbox takes no alarm action {arn}: add it to sandbox/patches/cloudwatch.py")


def _message(alarm: Alarm, previous: str, region: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": ACCOUNT,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _timestamp(alarm.state_updated_timestamp),
        "Region": region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": previous,
    }


def _timestamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
