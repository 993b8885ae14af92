"""For how long does CloudWatch keep the log groups of a region?"""

from typing import TYPE_CHECKING

from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import listed, told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import LogGroupTypeDef

PAGE = 50
SUMMARY = marked("{count} log groups in {region}, {forever} of them never expire")


class LogRetention(Named):
    """A region, and a word that the names of the log groups contain; all of them where it is empty."""


@check(
    allow("logs:DescribeLogGroups"),
    signals={
        "no-retention": "A log group keeps its events for ever",
        "none": "There is no log group here whose name has the word",
    },
)
def handler(parameters: LogRetention, aws: Session) -> Finding:
    """Do log groups expire? Source: Huntaze, 3 "Monitoring/alerting de base"; 5, CloudWatch (alarmes + logs)."""
    logs, word = aws.client("logs", parameters.region), parameters.named
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": PAGE})
    groups = listed(pages, lambda page: [one for one in page["logGroups"] if word in one["logGroupName"]])
    forever = [one["logGroupName"] for one in groups.found if _forever(one)]
    text = say(SUMMARY, count=len(groups.found), region=parameters.region, forever=len(forever))
    return Finding(
        summary=told(text, whole=groups.whole),
        signals={"no-retention": groups.any(_forever), "none": groups.none},
        facts={"count": len(groups.found), "never_expire": len(forever), "whole": groups.whole},
        evidence=[say("{group}: retentionInDays is not set", group=name) for name in forever],
    )


def _forever(group: "LogGroupTypeDef") -> bool:
    """Say whether its events never expire; those of the class Delivery do after a day, whatever is set."""
    return not group.get("retentionInDays") and group.get("logGroupClass") != "DELIVERY"
