"""An alarm as it is now, whatever the event said of it."""

from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.language import say
from functions.core.permissions import allow

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

PERMISSION = allow("cloudwatch:DescribeAlarms", "cloudwatch:ListAlarmMuteRules")
RINGING = "ALARM"


class Alarm(NamedTuple):
    """Its state, the reason that CloudWatch gives for it, and who has switched off its actions: empty if nobody."""

    state: str
    reason: str
    muted: str


def read(aws: Session, name: str) -> Alarm | None:
    """Read an alarm of metrics or of other alarms; None where it does not exist."""
    cloudwatch: CloudWatchClient = aws.client("cloudwatch")
    answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    for one in answer.get("MetricAlarms", []):
        return Alarm(one["StateValue"], one.get("StateReason", ""), _muted(cloudwatch, name, on=one["ActionsEnabled"]))
    for other in answer.get("CompositeAlarms", []):
        suppressed = other.get("ActionsSuppressedBy")
        muted = say("its actions are suppressed: {why}", why=other.get("ActionsSuppressedReason") or suppressed)
        muted = muted if suppressed else _muted(cloudwatch, name, on=other["ActionsEnabled"])
        return Alarm(other["StateValue"], other.get("StateReason", ""), muted)
    return None


def _muted(cloudwatch: "CloudWatchClient", name: str, *, on: bool) -> str:
    """Say what keeps an alarm from acting: a person, or a rule that is active now."""
    if not on:
        return say("its actions are switched off")
    rules = cloudwatch.list_alarm_mute_rules(AlarmName=name, Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    return say("the rule {rule} is active", rule=rules[0]["AlarmMuteRuleArn"].rpartition(":")[2]) if rules else ""
