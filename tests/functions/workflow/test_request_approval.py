import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest

from functions.core import mail as mailing
from functions.core import token
from functions.core.stops import EVERYTHING, GO
from functions.workflow import request_approval
from statemachines import compiled
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.test_approval_page import approve, forms
from tests.functions.workflow.world import (
    AMEL,
    CLOSED_PORT,
    FIRST,
    INCIDENT,
    KARIM,
    LINA,
    OF,
    REASON,
    REMINDER,
    RUNBOOK,
    SECOND,
    STRICT,
    TRIGGER,
    URL,
    World,
    findings,
)

APPROVED = '{"decision": "approved"}'
TWO = {"low": "two", "medium": "two", "high": "two"}
AUTOMATIC = {"low": "automatic", "medium": "one", "high": "two"}
MAIL = """\
Bot Telegram de api.maisonganopa.com needs your decision.

WHAT IS WRONG
{reason}
Since 2026-11-21 08:00 UTC.

PROBABLE CAUSE
The tasks' security group does not let the load balancer in
  - {port_closed} (firewall was looked at)
  - {unhealthy} (targets was looked at)

WHAT WOULD CHANGE
1. {effect}
   before: port 8000 closed to sg-0a1b0000000000001
   after: port 8000 open to sg-0a1b0000000000001 only
   risk: {risk}
   touches: {radius}
   undo: {undo}

DECIDE WITHIN 15 MINUTES, UNTIL {until:%Y-%m-%d %H:%M UTC}
{url}/incidents/{link}

Opening the link changes nothing; the page asks for your decision.
Without an answer nothing is changed, and L2 is asked then: karim@maisonganopa.com, lina@maisonganopa.com.

Incident {incident} - The webhook answers 503 or 504"""


def to(world: World, start: int = 0) -> list[str]:
    """List whom the mails were to, from one on."""
    return [mail.to for mail in world.mails[start:]]


# The first call


def test_everyone_of_the_first_level_gets_one_mail_with_a_link_of_their_own(world: World) -> None:
    mails = world.ask()
    assert [mail.to for mail in mails] == [AMEL, KARIM]
    assert len({mail.link for mail in mails}) == len(mails)
    assert all(len(mail.link) >= 43 for mail in mails)  # 256 bits


def test_a_link_knows_whose_it_is_and_for_which_question_and_level(world: World) -> None:
    for mail in world.ask():
        owner = world.incidents.get(f"link#{hashlib.sha256(mail.link.encode()).hexdigest()}", "link") or {}
        assert {name: owner[name] for name in ("of", "round", "level", "approver")} == {
            "of": INCIDENT,
            "round": 1,
            "level": 0,
            "approver": mail.to,
        }


def test_the_mail_says_everything_that_a_decision_needs(world: World) -> None:
    mail = world.ask()[0]
    known = compiled.read(RUNBOOK)
    fix = known.fixes["open_security_group_port"]
    (step,) = world.plan.steps
    assert _without_empty_lines(mail.text) == _without_empty_lines(
        MAIL.format(
            reason=REASON,
            port_closed=known.questions["firewall"]["port-closed"],
            unhealthy=known.questions["targets"]["unhealthy-targets"],
            effect=step.effect,
            risk=fix.risk,
            radius=step.radius,
            undo=fix.undo,
            until=datetime.fromtimestamp(world.question()["until"], UTC),
            url=URL,
            link=mail.link,
            incident=INCIDENT,
        )
    )
    assert {"sg-0a1b0000000000001", "sg-0a1b0000000000002", "8000"} <= {word.strip(",") for word in step.effect.split()}


def _without_empty_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.mark.usefixtures("ladder")
def test_the_mail_says_which_change_is_only_made_where_another_has_not_helped(world: World) -> None:
    lines = [line.strip() for line in world.ask()[0].text.splitlines()]
    first, second = world.plan.steps
    assert lines[lines.index(f"1. {first.effect}") + 1].startswith("before:")
    assert lines[lines.index(f"2. {second.effect}") + 1] == "only if what stands above does not help"


def test_the_mail_is_in_the_services_language(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    mail = world.ask()[0]
    assert mail.subject.isascii()
    for english in ("needs your decision", "WHAT IS WRONG", "Without an answer", "DECIDE WITHIN"):
        assert english not in mail.text


def test_the_subject_says_service_urgency_and_runbook_in_short_ascii(world: World) -> None:
    for mail in world.ask(*CLOSED_PORT, "probe.mismatch", "service.desired-zero"):
        assert mail.subject == "[ganopa-bot] Decide within 15 min: The webhook answers 503 or 504"
        assert mail.subject.isascii()
        assert len(mail.subject) < 100


def test_the_mail_says_how_many_have_to_approve(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    assert "2 different people have to approve." in world.ask()[0].text


def test_script_in_an_alarm_is_text_in_the_mail(world: World) -> None:
    hostile = "<script>alert(1)</script> {{ 7 * 7 }} {service}"
    mail = world.ask(given={"trigger": {**TRIGGER, "reason": hostile}})[0]
    assert hostile in mail.text.splitlines()


def test_a_link_is_stored_as_its_hash_only(world: World) -> None:
    mails = world.ask()
    stored = json.dumps(world.items)
    for mail in mails:
        assert mail.link not in stored
        assert f"link#{hashlib.sha256(mail.link.encode()).hexdigest()}" in stored


def test_the_task_token_is_in_the_question_only_and_encrypted(world: World) -> None:
    secret = "AQCEAAAAKgAAAAMAAAAA"
    mails = world.ask(token=secret)
    assert secret not in json.dumps(world.items)
    sealed = world.question()["token"]
    assert [item["item"]["S"] for item in world.items if sealed in json.dumps(item)] == ["approval#1"]
    assert token.opened(world.aws, sealed, INCIDENT, 1) == secret
    assert not any(secret in mail.text or sealed in mail.text for mail in mails)


def test_the_question_waits_for_as_long_as_the_level_may_take(world: World) -> None:
    world.ask()
    question = world.approval()
    assert (question.state, question.digest, question.needed, question.barred) == ("pending", world.plan.digest, 1, "")
    assert (question.level, question.call, question.mailed) == (0, 0, 0)
    assert abs(question.until - time() - 15 * 60) < 5
    assert abs(question.turn_until - time() - 450) < 5
    assert world.record["round"] == 1
    assert world.timeline[-1] == f"Asked L1: {AMEL}, {KARIM}"
    assert world.answers == []


def test_the_question_keeps_the_plan_and_the_evidence_that_it_was_asked_about(world: World) -> None:
    world.ask()
    asked = (world.record["plan"], world.record["diagnosis"])
    world.conclude(findings("probe.mismatch"), 1)
    assert (world.question()["plan"], world.question()["diagnosis"]) == asked != (world.record["plan"], "")


@pytest.mark.parametrize(
    ("own_requests", "given", "needed", "barred"),
    [
        ("refused", {}, 2, ""),
        ("refused", {"requester": AMEL}, 2, ""),
        ("refused", None, 1, ""),
        ("allowed", {"requester": AMEL}, 1, ""),
    ],
)
def test_who_started_it_by_hand_changes_who_has_to_approve(
    world: World, rules: Rules, own_requests: str, given: Any, needed: int, barred: str
) -> None:
    rules(**STRICT | {"own_requests": own_requests})
    world.ask(given=given)
    assert (world.approval().needed, world.approval().barred) == (needed, barred)


# The same question again


def test_a_retried_question_takes_the_new_token_and_mails_nobody_twice(world: World) -> None:
    first = world.ask()[0]
    assert world.call(FIRST, token="token-2") == []
    assert len(world.mails) == 2
    assert token.opened(world.aws, world.question()["token"], INCIDENT, 1) == "token-2"
    assert len([line for line in world.timeline if line.startswith("Asked")]) == 1
    approve(world, first.link)
    assert world.answers == [("token-2", APPROVED)]


def test_a_question_whose_mails_were_interrupted_is_mailed_on_the_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as crashing:
        crashing.setattr(mailing, "send", crash)
        with pytest.raises(ConnectionError):
            world.ask()
    assert (world.mails, world.approval().state) == ([], "pending")
    assert world.call(FIRST, token="token-2") == [AMEL, KARIM]
    approve(world, world.mails[0].link)
    assert world.answers == [("token-2", APPROVED)]


def test_the_reminder_goes_to_those_who_have_not_approved(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    first = world.ask()[0].link
    approve(world, first)
    world.silence(FIRST)
    assert world.call(REMINDER, token="token-2") == [KARIM]
    (reminder,) = world.mails[2:]
    assert (reminder.to, reminder.subject) == (
        KARIM,
        "[ganopa-bot] Reminder, 15 min left to decide: The webhook answers 503 or 504",
    )
    assert world.timeline[-1] == f"Reminded L1: {KARIM}"
    assert world.call(REMINDER, token="token-3") == []
    assert len(world.mails) == 3


def test_the_links_of_mail_and_reminder_both_decide(world: World) -> None:
    world.ask()
    world.silence(FIRST)
    world.call(REMINDER, token="token-2")
    links = [mail.link for mail in world.mails if mail.to == AMEL]
    assert len(set(links)) == 2
    for link in links:
        assert len(forms(world.page(link))) == 2


def test_a_reminder_says_how_long_there_is_left(world: World) -> None:
    world.ask()
    world.silence(FIRST)
    world.change(until=int(time()) + 440)
    world.call(REMINDER)
    assert world.mails[-1].subject.startswith("[ganopa-bot] Reminder, 7 min left to decide: ")


def test_the_next_level_is_asked_with_links_of_its_own(world: World) -> None:
    world.ask()
    mails = world.escalate()
    assert [mail.to for mail in mails] == [KARIM, LINA]
    assert mails[0].subject == (
        "[ganopa-bot] L2, nobody has answered, 30 min to decide: The webhook answers 503 or 504"
    )
    assert "Without an answer nothing is changed, and the incident ends as expired." in mails[0].text
    assert world.timeline[-1] == f"Asked L2: {KARIM}, {LINA}"
    assert len({mail.link for mail in world.mails}) == 4


def test_who_has_approved_is_not_asked_again_by_the_next_level(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    approve(world, world.ask()[1].link)
    assert [mail.to for mail in world.escalate()] == [LINA]


def test_looking_again_without_another_plan_keeps_the_question_and_mails_nobody(world: World) -> None:
    world.ask()
    answer = world.conclude(findings(*CLOSED_PORT), 1)
    before = world.approval()
    assert world.call(answer["turn"], answer["round"], token="token-2") == []
    after = world.approval()
    assert len(world.mails) == 2
    assert after.state == "pending"
    assert (after.until, after.level, after.call) == (before.until, before.level, before.call)
    assert abs(after.turn_until - before.turn_until) <= 2
    assert world.incidents.get(INCIDENT, "approval#2") is None


def test_looking_again_keeps_what_people_have_said(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    first, second = (mail.link for mail in world.ask())
    approve(world, first)
    world.call(FIRST, token="token-2")
    assert world.said() == [(AMEL, "approved", "link")]
    approve(world, second)
    assert world.answers == [("token-2", APPROVED)]


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_what_was_decided_meanwhile_is_answered_at_once_with_the_new_token(world: World, state: str) -> None:
    world.ask()
    world.change(state=state, told=True)
    assert world.call(FIRST, token="token-2") == []
    assert world.answers == [("token-2", f'{{"decision": "{state}"}}')]
    assert len(world.mails) == 2


@pytest.mark.parametrize("state", ["expired", "withdrawn", "replaced"])
def test_a_question_that_is_over_is_not_asked_again(world: World, state: str) -> None:
    world.ask()
    world.change(state=state)
    for turn in (FIRST, REMINDER, SECOND):
        assert world.call(turn, token="token-2") == []
    assert (len(world.mails), world.answers) == (2, [])


# Another question


@pytest.mark.parametrize("state", ["pending", "approved"])
def test_another_plan_is_another_question_which_replaces_the_first(world: World, state: str) -> None:
    first = world.ask()[0].link
    world.change(state=state)
    answer = world.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    assert world.call(answer["turn"], answer["round"], token="token-2") == [AMEL, KARIM]
    assert world.question(1)["digest"] != world.question(2)["digest"] == world.plan.digest
    assert (world.question(1)["state"], world.question(2)["state"]) == ("replaced", "pending")
    assert "The plan has changed: question 1 is replaced" in world.timeline
    assert world.record["round"] == 2
    assert "The plan has changed since: this question is over." in world.page(first)["body"]
    assert len({mail.link for mail in world.mails}) == 4


@pytest.mark.parametrize("state", ["rejected", "expired", "withdrawn"])
def test_a_question_that_ended_otherwise_stays_what_it_was(world: World, state: str) -> None:
    world.ask()
    world.change(state=state)
    world.conclude(findings("probe.mismatch"), 1)
    world.call(FIRST, 2)
    assert world.question(1)["state"] == state


def test_the_tokens_of_two_questions_are_their_own(world: World) -> None:
    world.ask()
    world.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    world.call(FIRST, 2, token="token-2")
    assert token.opened(world.aws, world.question(1)["token"], INCIDENT, 1) == "token-1"
    assert token.opened(world.aws, world.question(2)["token"], INCIDENT, 2) == "token-2"


# Policies that ask nobody


def test_an_automatic_policy_answers_at_once_and_asks_nobody(world: World, rules: Rules) -> None:
    rules(policy=AUTOMATIC)
    assert world.ask() == []
    assert world.answers == [("token-1", APPROVED)]
    question = world.approval()
    assert (question.state, question.needed, question.outcome) == ("approved", 0, "approved")
    assert world.said() == [("policy", "approved", "policy")]
    assert "Approved by the service's policy, which asks nobody" in world.timeline
    assert not [item for item in world.items if item["item"]["S"] == "link"]


def test_an_automatic_answer_that_got_lost_is_sent_again(world: World, rules: Rules) -> None:
    rules(policy=AUTOMATIC)
    world.ask()
    world.call(FIRST, token="token-2")
    assert world.answers[1:] == [("token-2", APPROVED)]


@pytest.mark.parametrize(("risk", "needed"), [("low", 0), ("medium", 1), ("high", 2)])
def test_the_plans_risk_says_how_many_have_to_approve(world: World, rules: Rules, risk: str, needed: int) -> None:
    rules(risk=risk, policy=AUTOMATIC)
    world.ask()
    assert world.approval().needed == needed
    assert (world.answers != []) == (needed == 0)


def test_the_riskiest_fix_of_a_plan_counts(world: World, rules: Rules) -> None:
    rules(policy=AUTOMATIC)
    world.ask("service.inactive", "health.failing", "webhook.failing", "targets.none-healthy", "targets.no-targets")
    assert (world.plan.risk, world.approval().needed) == ("medium", 1)


@pytest.mark.parametrize("value", ["a migration runs", None])
def test_while_a_switch_stops_everything_a_person_is_asked_where_the_policy_would_approve(
    world: World, rules: Rules, value: str | None
) -> None:
    rules(policy=AUTOMATIC)
    world.switch(value)
    mail = world.ask()[0]
    assert (world.approval().state, world.approval().needed, world.answers) == ("pending", 1, [])
    assert "NOTHING CAN BE APPROVED NOW. " in mail.text
    world.aws.client("ssm").put_parameter(Name=EVERYTHING, Value=GO, Type="String", Overwrite=True)
    approve(world, mail.link)
    assert world.answers == [("token-1", APPROVED)]


def test_within_a_freeze_a_person_is_asked_where_the_policy_would_approve(world: World, rules: Rules) -> None:
    start, end = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-1, 1))
    rules(policy=AUTOMATIC, also={"freezes": [{"start": start, "end": end, "reason": "a launch"}]})
    mail = world.ask()[0]
    assert (world.approval().state, world.approval().needed) == ("pending", 1)
    assert re.search(r"\nNOTHING CAN BE APPROVED NOW\. Change freeze until .*: a launch\n", mail.text)


def test_while_nothing_stops_changes_the_mail_says_nothing_of_it(world: World) -> None:
    assert "NOTHING CAN BE APPROVED" not in world.ask()[0].text


@pytest.mark.parametrize("event", [{"round": 1, "token": "t"}, {"round": 1, "turn": {"call": 0}, "token": "t"}])
def test_an_event_without_its_turn_is_refused(world: World, event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Field required"):
        request_approval.handler({**OF, **event})
    assert world.items == []
