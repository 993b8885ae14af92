import json
import re
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.core import approval
from functions.core.approval import Approval, Decision, NotAllowed, approved_plan
from functions.core.incidents import Conflict, Incidents
from functions.core.plan import Plan
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import AMEL, INCIDENT, KARIM, LINA, World

HOUR_AGO = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
SOON = (datetime.now(UTC) + timedelta(minutes=20)).isoformat()
PLAN = Plan(account="1", region="r", service="s", runbook="b", steps=[])
PEOPLE = (AMEL, KARIM, LINA)


def decision(approver: str = AMEL, said: str = "approved", digest: str = PLAN.digest) -> Decision:
    """Write down what a person said."""
    given = {"decision": said, "approver": approver, "channel": "link", "at": "2026-11-21T08:00:00+00:00", "proof": ""}
    return Decision.model_validate(given | {"digest": digest})


def question(*decisions: Decision, **values: Any) -> Approval:
    """Make a question about a plan of nothing."""
    given = {"incident": INCIDENT, "round": 1, "plan": PLAN.model_dump_json(), "digest": PLAN.digest, "needed": 1}
    later = int(time.time()) + 60
    rest = {"diagnosis": "", "token": "", "asked_at": "", "turn_until": later, "until": later}
    return Approval.model_validate(given | rest | values | {"decisions": decisions})


@pytest.fixture
def approved(world: World) -> World:
    """A world with a plan that an approver has approved."""
    approve(world, world.ask()[0].link)
    return world


@pytest.mark.parametrize(
    ("decisions", "rules", "outcome"),
    [
        ([], {}, "pending"),
        ([], {"needed": 0}, "pending"),
        ([decision()], {}, "approved"),
        ([decision()], {"needed": 2}, "pending"),
        ([decision(), decision()], {"needed": 2}, "pending"),
        ([decision(), decision(KARIM)], {"needed": 2}, "approved"),
        ([decision()], {"barred": AMEL}, "pending"),
        ([decision(KARIM)], {"barred": AMEL}, "approved"),
        ([decision(), decision(KARIM)], {"needed": 2, "barred": AMEL}, "pending"),
        ([decision(digest="another")], {}, "pending"),
        ([decision(digest="another"), decision(KARIM)], {"needed": 2}, "pending"),
        ([decision(said="rejected")], {}, "rejected"),
        ([decision(said="rejected")], {"barred": AMEL, "needed": 2}, "rejected"),
        ([decision(), decision(KARIM, said="rejected")], {}, "rejected"),
        ([decision(KARIM, said="rejected"), decision()], {}, "rejected"),
    ],
)
def test_what_decisions_come_to(decisions: list[Decision], rules: dict[str, Any], outcome: str) -> None:
    assert question(*decisions, **rules).outcome == outcome


def test_of_a_person_who_approves_twice_the_first_time_counts() -> None:
    later = decision().model_copy(update={"channel": "command"})
    assert [one.channel for one in question(decision(), later).approvals] == ["link"]


@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({}, True),
        ({"until": int(time.time()) - 1}, False),
        *(({"state": state}, False) for state in ("approved", "rejected", "expired", "withdrawn", "replaced")),
    ],
)
def test_a_question_is_open_until_its_time_or_its_end(values: dict[str, Any], is_open: bool) -> None:  # noqa: FBT001
    assert question(**values).open is is_open


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_decided_is_what_people_decided(state: str) -> None:
    assert question(state=state).decided
    assert not any(question(state=other).decided for other in ("pending", "expired", "withdrawn", "replaced"))


def test_a_decision_is_added_and_settles(world: World) -> None:
    world.ask()
    asked = world.approval()
    settled = approval.decide(world.incidents, asked, decision(digest=asked.digest))
    assert settled == world.approval()
    assert (settled.state, settled.version, world.said()) == (
        "approved",
        asked.version + 1,
        [(AMEL, "approved", "link")],
    )


def test_the_same_person_saying_the_same_again_counts_once(world: World) -> None:
    world.ask()
    world.change(needed=2)
    for _ in range(3):
        approval.decide(world.incidents, world.approval(), decision(digest=world.plan.digest))
    assert (world.approval().state, world.said()) == ("pending", [(AMEL, "approved", "link")])


def test_a_person_may_reject_what_they_have_approved(world: World) -> None:
    world.ask()
    world.change(needed=2)
    for said in ("approved", "rejected"):
        approval.decide(world.incidents, world.approval(), decision(said=said, digest=world.plan.digest))
    assert world.approval().state == "rejected"


def test_two_decisions_at_once_both_count(world: World) -> None:
    world.ask()
    world.change(needed=2)
    read_by_both = world.approval()
    for person in (AMEL, KARIM):
        approval.decide(world.incidents, read_by_both, decision(person, digest=read_by_both.digest))
    assert world.approval().state == "approved"
    assert [person for person, *_ in world.said()] == [AMEL, KARIM]


def test_of_two_opposite_decisions_at_once_the_first_counts(world: World) -> None:
    world.ask()
    read_by_both = world.approval()
    approval.decide(world.incidents, read_by_both, decision(KARIM, said="rejected", digest=read_by_both.digest))
    second = approval.decide(world.incidents, read_by_both, decision(digest=read_by_both.digest))
    assert second.state == "rejected"
    assert world.said() == [(KARIM, "rejected", "link")]


@pytest.mark.parametrize(
    "values",
    [
        {"until": int(time.time()) - 1},
        *({"state": state} for state in ("approved", "rejected", "expired", "withdrawn", "replaced")),
    ],
)
def test_a_question_that_is_over_takes_no_decision(world: World, values: dict[str, Any]) -> None:
    world.ask()
    open_before = world.approval()
    world.change(version=7, **values)
    for stale in (open_before, world.approval()):
        after = approval.decide(world.incidents, stale, decision(digest=open_before.digest))
        assert (after.decisions, after.version) == ([], 7)
    assert world.said() == []


def test_a_level_whose_turn_ends_at_that_moment_decides_nothing(world: World) -> None:
    world.ask()
    read_before = world.approval()
    world.change(level=1, call=2, version=99)
    after = approval.decide(world.incidents, read_before, decision(digest=read_before.digest))
    assert (after.state, after.level, world.said()) == ("pending", 1, [])


def test_what_is_known_better_by_now_is_written_with_the_decision(world: World) -> None:
    world.ask()
    by_amel = decision(digest=world.plan.digest)
    settled = approval.decide(world.incidents, world.approval(), by_amel, needed=2, barred=KARIM)
    assert (settled.state, settled.needed, settled.barred) == ("pending", 2, KARIM)
    assert (world.question()["needed"], world.question()["barred"]) == (2, KARIM)


def test_a_change_wants_the_question_as_it_was_read(world: World) -> None:
    world.ask()
    read_before = world.approval()
    approval.change(world.incidents, read_before, looks=1)
    with pytest.raises(Conflict):
        approval.change(world.incidents, read_before, looks=9)
    assert world.approval().looks == 1


def test_keeping_something_keeps_what_people_said_meanwhile(world: World) -> None:
    world.ask()
    read_before = world.approval()
    approval.decide(world.incidents, read_before, decision(digest=read_before.digest))
    kept = approval.keep(world.incidents, read_before, told=True)
    assert kept == world.approval()
    assert (kept.told, kept.state, world.said()) == (True, "approved", [(AMEL, "approved", "link")])


@pytest.mark.parametrize("write", ["keep", "decide"])
def test_who_never_gets_a_turn_says_so(world: World, monkeypatch: pytest.MonkeyPatch, write: str) -> None:
    def conflict(*_: Any, **__: Any) -> None:
        raise Conflict("too late")

    world.ask()
    asked = world.approval()
    writes = {
        "keep": partial(approval.keep, world.incidents, asked, told=True),
        "decide": partial(approval.decide, world.incidents, asked, decision(digest=asked.digest)),
    }
    monkeypatch.setattr(Incidents, "update", conflict)
    with pytest.raises(Conflict, match=f"{INCIDENT}: too many decisions at once"):
        writes[write]()


def test_the_approved_plan_is_what_a_fix_gets(approved: World) -> None:
    assert approved_plan(approved.incidents, INCIDENT, 1) == approved.plan


def test_what_was_never_asked_is_not_approved(approved: World) -> None:
    with pytest.raises(NotAllowed, match="question 2 was never asked, so nothing may be changed"):
        approved_plan(approved.incidents, INCIDENT, 2)


def test_an_incident_that_nobody_opened_has_no_approval(approved: World) -> None:
    with pytest.raises(NotAllowed, match="incident other: it is not open, so nothing may be changed for it"):
        approved_plan(approved.incidents, "other", 1)


@pytest.mark.parametrize("state", ["pending", "rejected", "expired", "withdrawn", "replaced"])
def test_a_plan_in_any_other_state_is_not_approved(approved: World, state: str) -> None:
    approved.change(state=state)
    with pytest.raises(NotAllowed, match=f"the plan is {state}, not approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"decisions": []},
        {"needed": 2},
        {"barred": AMEL},
        {"decisions": [decision(digest="another").model_dump()]},
        {"decisions": [decision(said="rejected").model_dump()]},
    ],
)
def test_a_plan_that_only_says_approved_is_not(approved: World, values: dict[str, Any]) -> None:
    approved.change(**values)
    assert approved.question()["state"] == "approved"
    for undo in (False, True):
        with pytest.raises(NotAllowed, match="fewer people approved the plan than the policy asks for"):
            approved_plan(approved.incidents, INCIDENT, 1, undo=undo)


def test_another_plan_than_the_approved_one_is_not_approved(approved: World) -> None:
    plan = json.loads(approved.question()["plan"])
    plan["steps"][0]["parameters"]["source"] = "0.0.0.0/0"
    approved.change(plan=json.dumps(plan))
    with pytest.raises(NotAllowed, match="the stored plan is not the one that was approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


def test_another_account_than_the_approved_one_is_not_approved(approved: World) -> None:
    plan = Plan.model_validate_json(approved.question()["plan"]).model_copy(update={"account": "999999999999"})
    approved.change(plan=plan.model_dump_json())
    with pytest.raises(NotAllowed, match="the stored plan is not the one that was approved"):
        approved_plan(approved.incidents, INCIDENT, 1)


def test_a_digest_that_was_put_in_later_is_not_what_people_approved(approved: World) -> None:
    plan = Plan.model_validate_json(approved.question()["plan"]).model_copy(update={"account": "999999999999"})
    approved.change(plan=plan.model_dump_json(), digest=plan.digest)
    with pytest.raises(NotAllowed, match="fewer people approved the plan than the policy asks for"):
        approved_plan(approved.incidents, INCIDENT, 1)


@pytest.mark.parametrize("at", [HOUR_AGO, SOON], ids=["long ago", "soon"])
def test_an_approval_of_long_ago_or_of_the_future_allows_no_change_but_its_undo(approved: World, at: str) -> None:
    (only,) = approved.question()["decisions"]
    approved.change(decisions=[only | {"at": at}])
    sentence = rf"^incident {INCIDENT}: the approval of {re.escape(at)} is not of the last hour; start again$"
    with pytest.raises(NotAllowed, match=sentence):
        approved_plan(approved.incidents, INCIDENT, 1)
    assert approved_plan(approved.incidents, INCIDENT, 1, undo=True) == approved.plan


@pytest.mark.parametrize("undo", [False, True])
def test_after_the_incident_nothing_may_be_changed(approved: World, undo: bool) -> None:  # noqa: FBT001
    approved.incidents.update(INCIDENT, "record", {"state": "closed"})
    with pytest.raises(NotAllowed, match="it is not open, so nothing may be changed for it; start the runbook again"):
        approved_plan(approved.incidents, INCIDENT, 1, undo=undo)


def test_a_link_is_named_by_its_hash() -> None:
    name = approval.link_item("secret")
    assert name == "link#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["approved", "approved", "rejected"]))),
    needed=st.integers(1, 3),
    barred=st.sampled_from(["", *PEOPLE]),
    stale=st.randoms(use_true_random=False),
)
def test_whatever_people_say_in_whichever_order_settles_by_the_rules(
    world: World, said: list[tuple[str, str]], needed: int, barred: str, stale: Any
) -> None:
    """Every decision is taken on some version that was read before, as if others were deciding at the same time."""
    world.incidents.dynamodb.put_item(TableName=world.incidents.table, Item=_stored(needed, barred))
    seen, counted = [world.approval()], []
    for person, word in said:
        if not world.approval().decided:
            counted.append((person, word))
        approval.decide(world.incidents, stale.choice(seen), decision(person, word))
        seen.append(world.approval())
    final = world.approval()
    allowed = {person for person, word in counted if word == "approved" and person != barred}
    assert final.state == final.outcome
    assert (final.state == "rejected") == ("rejected" in [word for _, word in counted])
    assert (final.state == "approved") == ("rejected" not in dict(counted).values() and len(allowed) >= needed)
    assert {(one.approver, one.decision) for one in final.decisions} == set(counted)


def _stored(needed: int, barred: str) -> Any:
    from functions.core.incidents import _marshalled

    fresh = question(needed=needed, barred=barred)
    return _marshalled(fresh.model_dump() | {"plan": PLAN.model_dump_json(), "item": "approval#1"})
