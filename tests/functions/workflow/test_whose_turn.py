from time import time
from typing import Any

import pytest

from functions.core import approval
from functions.core.incidents import Conflict
from tests.functions.workflow.conftest import Overtaken, Rules
from tests.functions.workflow.test_approval_page import forms
from tests.functions.workflow.world import AMEL, FIRST, INCIDENT, KARIM, LAST, REMINDER, SECOND, World


def test_halfway_the_level_is_reminded_and_its_time_stays(world: World) -> None:
    first = world.ask()[0].link
    until = world.approval().until
    assert world.silence(FIRST) == {"decision": "ask", "turn": REMINDER}
    question = world.approval()
    assert (question.state, question.call, question.level, question.until) == ("pending", 1, 0, until)
    assert len(forms(world.page(first))) == 2


def test_after_the_reminder_the_next_level_has_its_own_time_and_earlier_links_stop_at_once(world: World) -> None:
    first = world.ask()[0].link
    form = forms(world.page(first))[0]
    world.silence(FIRST)
    assert world.silence(REMINDER) == {"decision": "ask", "turn": SECOND}
    question = world.approval()
    assert (question.state, question.call, question.level) == ("pending", 2, 1)
    assert abs(question.until - time() - 30 * 60) < 5
    world.page(first, "POST", form)  # before anybody of the next level was mailed
    assert (world.said(), world.answers) == ([], [])


def test_the_last_level_is_reminded_too_and_then_the_question_expires(world: World) -> None:
    world.ask()
    mail = world.escalate()[0]
    assert world.silence(SECOND) == {"decision": "ask", "turn": LAST}
    assert world.silence(LAST)["decision"] == "expired"
    assert world.approval().state == "expired"
    assert world.timeline[-1] == "Nobody decided in time"
    assert "Nobody decided in time. Nothing was changed" in world.page(mail.link)["body"]
    assert world.answers == []


def test_a_service_with_one_level_expires_after_its_reminder(world: World, rules: Rules) -> None:
    rules(levels=[{"name": "L1", "approvers": [AMEL, KARIM], "minutes": 15}])
    world.ask()
    assert world.silence(FIRST)["decision"] == "ask"
    assert world.silence(REMINDER)["decision"] == "expired"


@pytest.mark.parametrize("call", [FIRST, REMINDER, LAST])
@pytest.mark.parametrize("decision", ["approved", "rejected"])
def test_a_decision_in_the_last_moment_wins(world: World, call: dict[str, int], decision: str) -> None:
    world.ask()
    world.change(state=decision, call=call["call"], level=call["call"] // 2)
    before = world.items
    assert world.silence(call) == {"decision": decision, "turn": call}
    assert world.items == before


def test_a_decision_between_reading_and_writing_wins(world: World, overtaken: Overtaken) -> None:
    link = world.ask()[0].link
    form = forms(world.page(link))[0]
    overtaken(lambda: world.page(link, "POST", form))
    assert world.silence(FIRST) == {"decision": "approved", "turn": FIRST}
    assert (world.approval().state, world.approval().call) == ("approved", 0)


@pytest.mark.parametrize(("calls", "after"), [([FIRST], REMINDER), ([FIRST, REMINDER], SECOND)])
def test_a_retried_invocation_skips_nobody(world: World, calls: list[dict[str, int]], after: dict[str, int]) -> None:
    world.ask()
    for call in calls:
        world.silence(call)
    for _ in range(3):
        assert world.silence(calls[-1]) == {"decision": "ask", "turn": after}
    assert world.approval().call == after["call"]


def test_a_retried_expiry_stays_one(world: World) -> None:
    world.ask()
    world.escalate()
    for _ in range(3):
        assert world.silence(LAST)["decision"] == "expired"
    assert world.timeline.count("Nobody decided in time") == 1


@pytest.mark.parametrize("state", ["expired", "withdrawn", "replaced"])
def test_a_question_that_is_over_is_nobodys_turn(world: World, state: str) -> None:
    world.ask()
    world.change(state=state)
    assert world.silence(FIRST) == {"decision": state, "turn": FIRST}


def test_what_was_never_asked_has_expired(world: World) -> None:
    world.open()
    assert world.silence(FIRST) == {"decision": "expired", "turn": FIRST}
    assert world.incidents.get(INCIDENT, "approval#1") is None


def test_who_never_gets_to_write_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflict(*_: Any, **__: Any) -> None:
        raise Conflict("too late")

    world.ask()
    monkeypatch.setattr(approval, "change", conflict)
    with pytest.raises(Conflict, match=f"{INCIDENT}: too many decisions at once"):
        world.silence(FIRST)
