import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from functions.core import approval
from functions.core.approval import NotApproved, approved_plan
from functions.core.plan import Plan
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import INCIDENT, World

HOUR_AGO = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()


@pytest.fixture
def approved(world: World) -> World:
    """A world with a plan that an approver has approved."""
    approve(world, world.ask()[0].link)
    return world


def test_the_approved_plan_is_what_a_fix_gets(approved: World) -> None:
    assert approved_plan(approved.incidents, INCIDENT, 1) == approved.plan


def test_what_was_never_asked_is_not_approved(approved: World) -> None:
    with pytest.raises(NotApproved, match="question 2 was never asked, so nothing may be changed"):
        approved_plan(approved.incidents, INCIDENT, 2)


def test_an_incident_that_nobody_opened_has_no_approval(approved: World) -> None:
    with pytest.raises(NotApproved, match="incident other is not open"):
        approved_plan(approved.incidents, "other", 1)


@pytest.mark.parametrize("state", ["pending", "rejected", "expired", "withdrawn"])
def test_a_plan_in_any_other_state_is_not_approved(approved: World, state: str) -> None:
    approved.incidents.update(INCIDENT, "approval#1", {"state": state})
    with pytest.raises(NotApproved, match=f"the plan is {state}, not approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


def test_another_plan_than_the_approved_one_is_not_approved(approved: World) -> None:
    plan = json.loads(approved.question()["plan"])
    plan["steps"][0]["parameters"]["source"] = "0.0.0.0/0"
    approved.incidents.update(INCIDENT, "approval#1", {"plan": json.dumps(plan)})
    with pytest.raises(NotApproved, match="the stored plan is not the one that was approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


def test_another_account_than_the_approved_one_is_not_approved(approved: World) -> None:
    plan = Plan.model_validate_json(approved.question()["plan"]).model_copy(update={"account": "999999999999"})
    approved.incidents.update(INCIDENT, "approval#1", {"plan": plan.model_dump_json()})
    with pytest.raises(NotApproved, match="the stored plan is not the one that was approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


def test_an_old_approval_allows_no_change_but_its_undo(approved: World) -> None:
    approved.incidents.update(INCIDENT, "approval#1", {"decided_at": HOUR_AGO})
    with pytest.raises(NotApproved, match="is too old; start again"):
        approved_plan(approved.incidents, INCIDENT, 1)
    assert approved_plan(approved.incidents, INCIDENT, 1, undo=True) == approved.plan


@pytest.mark.parametrize("undo", [False, True])
def test_after_the_incident_nothing_may_be_changed(approved: World, undo: bool) -> None:  # noqa: FBT001
    approved.incidents.update(INCIDENT, "record", {"state": "closed"})
    with pytest.raises(NotApproved, match="is not open, so nothing may be changed for it; start the runbook again"):
        approved_plan(approved.incidents, INCIDENT, 1, undo=undo)


def test_a_question_is_open_until_its_time_or_its_decision(world: World) -> None:
    world.ask()

    def is_open() -> bool:
        question = approval.read(world.incidents, INCIDENT, 1)
        return question is not None and question.open

    assert is_open()
    world.incidents.update(INCIDENT, "approval#1", {"until": int(time.time())})
    assert not is_open()
    world.incidents.update(INCIDENT, "approval#1", {"until": int(time.time()) + 60, "state": "rejected"})
    assert not is_open()


def test_a_link_is_named_by_its_hash() -> None:
    name = approval.link_item("secret")
    assert name == "link#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
