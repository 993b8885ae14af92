from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.checks.event_rules import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import RunCheck
from tests.functions.paging import paged

FINE = {"disabled": False, "none": False}
CRON = "huntaze-offers-cron"


class World:
    """A region's rules."""

    def __init__(self, operator: Session) -> None:
        self.events: Any = operator.client("events")

    def add(self, name: str, state: str = "ENABLED", **other: str) -> None:
        """Add a rule that acts every hour, or on what is given."""
        self.events.put_rule(Name=name, State=state, **(other or {"ScheduleExpression": "rate(1 hour)"}))


@pytest.fixture
def world(operator: Session) -> World:
    """EventBridge, without a rule."""
    return World(operator)


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": REGION, "named": "huntaze"} | other)


def test_healthy(run_check: RunCheck, world: World) -> None:
    world.add(CRON)
    world.add("huntaze-trail", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", EventPattern='{"source": ["aws.s3"]}')
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary == "rules of EventBridge: 2; disabled: 0"
    assert finding.facts == {"count": 2, "ids": [CRON, "huntaze-trail"]}
    assert finding.evidence == []


@pytest.mark.parametrize(
    ("other", "shown"),
    [({}, "State DISABLED rate(1 hour)"), ({"EventPattern": '{"source": ["aws.s3"]}'}, "State DISABLED")],
)
def test_one_is_disabled(run_check: RunCheck, world: World, other: dict[str, str], shown: str) -> None:
    world.add(CRON)
    world.add("huntaze-old", "DISABLED", **other)
    finding = look(run_check)
    assert finding.signals == FINE | {"disabled": True}
    assert finding.evidence == [f"huntaze-old: {shown}"]
    assert finding.summary == "rules of EventBridge: 2; disabled: 1"


@pytest.mark.parametrize(("told", "shown"), [({}, "State unknown"), ({"State": "PAUSED"}, "State PAUSED")])
def test_a_state_that_is_missing_or_new_is_unknown(run_check: RunCheck, aws: Session, told: Answer, shown: str) -> None:
    with answering(aws, "events", REGION, lambda _, __: {"Rules": [{"Name": CRON} | told]}):
        finding = look(run_check)
    assert finding.signals == FINE | {"disabled": None}
    assert finding.evidence == [f"unknown: {CRON}: {shown}"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("huntaze", f"there is no rule of EventBridge in {REGION} whose name has huntaze in it"),
        ("", f"there is no rule of EventBridge in {REGION}"),
    ],
)
def test_none(run_check: RunCheck, world: World, named: str, said: str) -> None:
    if named:
        world.add("other", "DISABLED")
    finding = look(run_check, named=named)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == said


def test_only_those_of_the_name_count(run_check: RunCheck, world: World) -> None:
    world.add("other", "DISABLED")
    world.add("eu-huntaze")
    assert look(run_check).signals == FINE
    assert look(run_check, named="").signals == FINE | {"disabled": True}


def test_only_the_default_bus_counts(run_check: RunCheck, world: World) -> None:
    world.add(CRON)
    world.events.create_event_bus(Name="partners")
    world.add("huntaze-partners", "DISABLED", EventBusName="partners", EventPattern='{"source": ["partner"]}')
    assert look(run_check).signals == FINE


def test_another_region_is_another_question(run_check: RunCheck, world: World) -> None:
    world.add(CRON, "DISABLED")
    assert look(run_check, region="us-east-2").signals == FINE | {"none": True}


def test_every_page_is_read(run_check: RunCheck, world: World) -> None:
    for number in range(250):
        world.add(f"huntaze-{number:03}", "DISABLED" if number == 249 else "ENABLED")
    finding = look(run_check)
    assert finding.signals == FINE | {"disabled": True}
    assert finding.facts["count"] == 250


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, world: World, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("huntaze-a", "DISABLED")
    world.add("huntaze-b")
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("events", REGION), "ListRules", 1):
        finding = look(run_check)
        assert look(run_check, named="-b").signals == dict.fromkeys(FINE)
    assert finding.signals == FINE | {"disabled": True}
    assert finding.summary.endswith("; there is more than could be read")


def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, aws: Session) -> None:
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform: events:ListRules"}}
    with (
        answering(aws, "events", REGION, lambda _, __: refused),
        pytest.raises(ClientError, match="not authorized to perform: events:ListRules"),
    ):
        look(run_check)
