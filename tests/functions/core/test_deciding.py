from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.core import approval, deciding, stops
from functions.core.approval import Approval
from functions.core.deciding import Answer, Refused
from statemachines import compiled
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.trail import Trail
from tests.functions.workflow.world import AMEL, KARIM, LINA, PRINCIPALS, RUNBOOK, STRICT, World

TWO = {"low": "two", "medium": "two", "high": "two"}
OUTSIDER = "arn:aws:sts::123456789012:assumed-role/admin/somebody"
OWN = "You started this incident yourself: another approver has to approve it."
TELEGRAM = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


def take(world: World, approver: str = AMEL, decision: str = "approved", **rest: Any) -> Approval:
    """Take an answer through a link."""
    given = {
        "decision": decision,
        "approver": approver,
        "channel": "link",
        "proof": "a mailbox",
        "address": "192.0.2.7",
    }
    answer = Answer.model_validate(given | rest)
    return deciding.take(world.aws, compiled.read(RUNBOOK), world.approval(), answer)


def refused(world: World, **given: Any) -> str:
    """Give an answer that is not taken; return why, once it is sure that it left nothing behind."""
    before = world.items
    with pytest.raises(Refused) as reason:
        take(world, **given)
    assert world.items == before
    assert world.answers == []
    return str(reason.value)


@pytest.fixture
def by_hand(world: World, rules: Rules, trail: Trail) -> Trail:
    """A question about an incident that somebody started by hand, without saying who; the policy wants to know."""
    rules(**STRICT)
    world.ask(given={})
    return trail


def test_an_answer_is_written_down_with_everything_about_it(world: World) -> None:
    world.ask()
    after = take(world, words="go ahead", principal="arn:p")
    assert after.model_dump(exclude={"told", "version"}) == world.approval().model_dump(exclude={"told", "version"})
    (only,) = after.decisions
    assert only.at
    assert only.model_dump(exclude={"at"}) == {
        "decision": "approved",
        "approver": AMEL,
        "channel": "link",
        "digest": world.plan.digest,
        "proof": "a mailbox",
        "address": "192.0.2.7",
        "principal": "arn:p",
        "words": "go ahead",
    }
    assert world.answers == [("token-1", '{"decision": "approved"}')]
    assert world.timeline[-1] == f"Approved by {AMEL} (through their link)"


def test_a_rejection_is_told_with_its_words(world: World) -> None:
    world.ask()
    take(world, decision="rejected", words="not now", channel="command")
    assert world.answers == [("token-1", '{"decision": "rejected"}')]
    assert world.timeline[-1] == f"Rejected by {AMEL}: not now (by command)"


@pytest.mark.parametrize("words", ["", " \n ", "\x00\x1b\u202e\u200b"])
def test_a_rejection_needs_words(world: World, words: str) -> None:
    world.ask()
    sentence = "Say in a few words why you reject. Go back and try again."
    assert refused(world, decision="rejected", words=words) == sentence


@pytest.mark.parametrize("typed", ["", "ganopa", "ganopa-bot2", "GANOPA-BOT", "Bot Telegram de api.maisonganopa.com"])
def test_a_high_risk_asks_to_type_the_services_name(world: World, rules: Rules, typed: str) -> None:
    rules(risk="high")
    world.ask()
    assert refused(world, typed=typed) == "The risk is high: type the service's name, ganopa-bot."


def test_a_high_risk_is_approved_by_two_who_typed_the_name(world: World, rules: Rules) -> None:
    rules(risk="high")
    world.ask()
    assert take(world, typed="  ganopa-bot ").state == "pending"
    assert take(world, approver=KARIM, typed="ganopa-bot").state == "approved"


def test_a_high_risk_is_rejected_without_typing_anything(world: World, rules: Rules) -> None:
    rules(risk="high")
    world.ask()
    assert take(world, decision="rejected", words="no").state == "rejected"


@pytest.mark.parametrize("risk", ["low", "medium"])
def test_another_risk_asks_to_type_nothing(world: World, rules: Rules, risk: str) -> None:
    rules(risk=risk)
    world.ask()
    assert take(world).state == "approved"


def test_two_different_people_approve(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    world.ask()
    assert take(world).state == take(world, channel="command").state == "pending"
    assert world.said() == [(AMEL, "approved", "link")]
    assert world.timeline[-1] == f"Approved by {AMEL}: 1 of 2 (through their link)"
    assert len([line for line in world.timeline if line.startswith("Approved by")]) == 1
    assert world.answers == []
    assert take(world, approver=KARIM).state == "approved"
    assert world.timeline[-1] == f"Approved by {KARIM} (through their link)"
    assert world.answers == [("token-1", '{"decision": "approved"}')]


def test_one_of_two_rejecting_is_enough(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    world.ask()
    take(world)
    assert take(world, approver=KARIM, decision="rejected", words="no").state == "rejected"
    assert world.answers == [("token-1", '{"decision": "rejected"}')]


@pytest.mark.parametrize("approver", [LINA, "somebody@else.example", "policy", ""])
def test_who_is_not_asked_now_may_not_decide(world: World, approver: str) -> None:
    world.ask()
    for answer in ({"decision": "approved"}, {"decision": "rejected", "words": "no"}):
        sentence = "L1 is asked now, and you are not one of its approvers."
        assert refused(world, approver=approver, **answer) == sentence


def test_after_the_first_levels_turn_only_the_second_decides(world: World) -> None:
    world.ask()
    world.escalate()
    assert refused(world) == "L2 is asked now, and you are not one of its approvers."
    assert take(world, approver=LINA).state == "approved"


def test_an_approval_of_the_first_level_counts_when_the_second_is_asked(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    world.ask()
    take(world)
    world.escalate()
    assert take(world, approver=LINA).state == "approved"


def test_a_level_that_is_over_at_that_moment_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ask()
    decide = approval.decide

    def overtaken(*args: Any, **rules: Any) -> Approval:
        world.escalate()
        return decide(*args, **rules)

    monkeypatch.setattr(approval, "decide", overtaken)
    before = len([line for line in world.timeline if "pproved" in line])
    assert take(world).state == "pending"
    assert (world.said(), world.answers) == ([], [])
    assert len([line for line in world.timeline if "pproved" in line]) == before


def test_who_comes_second_is_not_noted_as_if_they_had_decided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ask()
    decide = approval.decide

    def overtaken(*args: Any, **rules: Any) -> Approval:
        monkeypatch.setattr(approval, "decide", decide)
        take(world, approver=KARIM, decision="rejected", words="no")
        return decide(*args, **rules)

    monkeypatch.setattr(approval, "decide", overtaken)
    assert take(world).state == "rejected"
    assert world.said() == [(KARIM, "rejected", "link")]
    assert not [line for line in world.timeline if line.startswith("Approved")]
    assert world.answers == [("token-1", '{"decision": "rejected"}')]


@pytest.mark.parametrize("state", ["expired", "withdrawn", "replaced", "approved", "rejected"])
def test_a_question_that_is_over_takes_no_answer(world: World, state: str) -> None:
    world.ask()
    world.change(state=state, told=True)
    before = world.items
    assert take(world).decisions == []
    assert world.items == before


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize("declared", [AMEL, KARIM, "somebody@else.example"])
def test_what_a_person_said_of_themselves_bars_nobody_and_saves_nobody(
    world: World, rules: Rules, declared: str
) -> None:
    rules(**STRICT)
    world.ask(given={"requester": declared})
    assert take(world).state == "pending"
    assert (world.approval().needed, world.approval().barred) == (2, "")
    assert take(world, approver=KARIM).state == "approved"


def test_who_cloudtrail_saw_may_not_approve_whatever_they_declared(world: World, rules: Rules, trail: Trail) -> None:
    rules(**STRICT)
    world.ask(given={"requester": KARIM})
    trail.started(PRINCIPALS[AMEL])
    with pytest.raises(Refused, match=OWN):
        take(world)
    assert world.said() == []
    proven = {"who": AMEL, "principal": PRINCIPALS[AMEL], "proof": "CloudTrail"}
    assert world.record["requester"] == proven
    assert take(world, approver=KARIM).state == "approved"


def test_while_nobody_knows_who_started_it_two_have_to_approve(world: World, by_hand: Trail) -> None:
    assert take(world).state == "pending"
    assert by_hand.asked
    assert take(world, approver=KARIM).state == "approved"


def test_who_approved_early_is_counted_once_it_is_known_that_they_may(world: World, by_hand: Trail) -> None:
    assert take(world).state == "pending"
    by_hand.started(PRINCIPALS[KARIM])
    assert take(world).state == "approved"
    assert world.said() == [(AMEL, "approved", "link")]


def test_who_approved_early_is_not_counted_once_it_is_known_that_they_may_not(world: World, by_hand: Trail) -> None:
    take(world)
    by_hand.started(PRINCIPALS[AMEL])
    with pytest.raises(Refused, match=OWN):
        take(world)
    assert world.approval().state == "pending"
    after = take(world, approver=KARIM)
    assert (after.state, after.barred, [one.approver for one in after.approvals]) == ("approved", AMEL, [KARIM])


def test_an_outsider_bars_nobody_and_may_be_any_of_them(world: World, by_hand: Trail) -> None:
    by_hand.started(OUTSIDER)
    assert take(world).state == "pending"
    assert take(world, approver=KARIM).state == "approved"


# Stops


@pytest.mark.parametrize("switch", stops.switches("ganopa-bot"))
def test_while_a_switch_is_pulled_nothing_is_approved(world: World, switch: str) -> None:
    world.ask()
    world.switch("a migration runs", switch)
    assert refused(world).endswith(": a migration runs")
    world.switch("go", switch)
    assert take(world).state == "approved"


def test_a_switch_that_is_missing_lets_nothing_be_approved(world: World) -> None:
    world.ask()
    world.switch(None)
    assert refused(world) == "The kill switch /runbooks/switch is missing, so nothing is changed."


def test_within_a_freeze_nothing_is_approved(world: World, rules: Rules) -> None:
    world.ask()
    start, end = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-1, 1))
    rules(also={"freezes": [{"start": start, "end": end, "reason": "a launch"}]})
    assert refused(world).endswith(": a launch")


def test_while_a_switch_is_pulled_a_person_may_still_reject(world: World) -> None:
    world.ask()
    world.switch("a migration runs")
    assert take(world, decision="rejected", words="no").state == "rejected"


@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException"])
def test_where_cloudtrail_does_not_answer_two_have_to_approve(
    world: World, by_hand: Trail, monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # botocore waits before it tries again
    by_hand.error = error
    assert take(world).state == "pending"
    assert (world.approval().needed, world.answers) == (2, [])
    assert take(world, approver=KARIM).state == "approved"


def test_who_started_it_may_reject_it(world: World, by_hand: Trail) -> None:
    by_hand.started(PRINCIPALS[AMEL])
    assert take(world, decision="rejected", words="a mistake").state == "rejected"


def test_where_the_policy_allows_it_who_started_it_approves_alone(world: World, trail: Trail) -> None:
    world.ask(given={"requester": AMEL})
    assert take(world).state == "approved"
    assert trail.asked == []


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("  not during\nthe launch ", "not during the launch"),
        ("a\r\nSet-Cookie: b\x00\x1b[31m\u2028c\u202ed", "a Set-Cookie: b [31m c d"),
        (f"use {TELEGRAM}", "use [redacted]"),
        (f"{'x ' * 245}{TELEGRAM}", f"{'x ' * 245}[redacted]"),
        ("é ✓ 中", "é ✓ 中"),
        ("x" * 5_000, "x" * 500),
        ("{words} {0} %s", "{words} {0} %s"),
    ],
)
def test_words_become_one_line_of_text_without_secrets(world: World, words: str, kept: str) -> None:
    world.ask()
    after = take(world, decision="rejected", words=words)
    assert after.last
    assert after.last.words == kept
    assert world.timeline[-1] == f"Rejected by {AMEL}: {kept} (through their link)"


def test_a_decision_that_was_not_told_is_told_by_the_next_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise ConnectionError

    world.ask()
    with monkeypatch.context() as crashing:
        crashing.setattr("functions.core.waiting.answer", crash)
        with pytest.raises(ConnectionError):
            take(world)
    assert (world.approval().state, world.answers) == ("approved", [])
    take(world, approver=KARIM, decision="rejected", words="too late")
    take(world)
    assert world.answers == [("token-1", '{"decision": "approved"}')]
    assert world.said() == [(AMEL, "approved", "link")]
