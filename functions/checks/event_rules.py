"""Are the rules of EventBridge's default bus enabled?"""

from typing import Any

from functions.core.aws import Session
from functions.core.check import check
from functions.core.judged import Rule, Verdict, judged
from functions.core.language import marked, say
from functions.core.listed import listed
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding
from functions.core.template import readable

PAGE = 100  # the most that EventBridge gives at once
NAME = "Name"
NOTHING = marked("there is no rule of EventBridge in {region}")
NOT_NAMED = marked("there is no rule of EventBridge in {region} whose name has {named} in it")
TOLD = marked("rules of EventBridge: {count}; disabled: {disabled}")


class EventRules(Named):
    """A region, and a word in the names of the rules of its default bus."""


def _disabled(rule: Any) -> Verdict:
    """Say whether it is; unknown where EventBridge says nothing that is known here."""
    state = rule.get("State", "")
    return state == "DISABLED" or (False if state.startswith("ENABLED") else None)


def _shown(rule: Any) -> str:
    """Tell its state, and when it would act, where that is a schedule."""
    return " ".join(["State", readable(rule.get("State")), rule.get("ScheduleExpression", "")]).strip()


@check(
    allow("events:ListRules"),
    signals={
        "disabled": "A rule of EventBridge is disabled",
        "none": "There is no rule of EventBridge here whose name has the word",
    },
)
def handler(parameters: EventRules, aws: Session) -> Finding:
    """Do rules act? Source: Huntaze, 1 "Compute", Cron HTTP; 5, EventBridge / SQS."""
    pages = aws.client("events", parameters.region).get_paginator("list_rules")
    found = listed(
        pages.paginate(PaginationConfig={"PageSize": PAGE}),
        lambda page: [one for one in page["Rules"] if parameters.named in one[NAME]],
    )
    nothing = say(NOT_NAMED if parameters.named else NOTHING, **parameters.model_dump())
    return judged(found, NAME, {"disabled": Rule(_disabled, _shown)}).finding(TOLD, nothing, found)
