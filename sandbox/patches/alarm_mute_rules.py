"""CloudWatch: ListAlarmMuteRules, which moto lacks. No rule can be made here; DisableAlarmActions mutes an alarm."""

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult


def install() -> None:
    """Answer that there are no rules."""
    response: Any = CloudWatchResponse
    response.list_alarm_mute_rules = _list_alarm_mute_rules


def _list_alarm_mute_rules(_: CloudWatchResponse) -> ActionResult:
    return ActionResult({"AlarmMuteRuleSummaries": []})
