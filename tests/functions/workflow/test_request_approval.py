import hashlib
import json
from datetime import UTC, datetime
from itertools import pairwise
from time import time

import pytest

from functions.workflow import request_approval
from statemachines import compiled
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, OF, REASON, RUNBOOK, URL, World, findings

APPROVERS = ["amel@maisonganopa.com", "karim@maisonganopa.com"]
MAIL = """\
Telegram bot of api.maisonganopa.com needs a decision.

WHAT IS WRONG
{reason}
Since 2026-11-21T08:00:00+00:00.

PROBABLE CAUSE
The tasks' security group does not let the load balancer in
  - {port_closed} (firewall was looked at)
  - {unhealthy} (targets was looked at)

WHAT WOULD CHANGE
1. {effect}
   before: port 8000 closed to sg-0a1b0000000000001
   after:  port 8000 open to sg-0a1b0000000000001 only
   risk:   {risk}
   undo:   {undo}

DECIDE UNTIL {until:%Y-%m-%d %H:%M UTC}
{url}/incidents/{link}

Opening the link changes nothing; the page asks for your decision.
Without an answer nothing is changed and the incident ends as expired.

Incident {incident} - The webhook answers 503 or 504"""


@pytest.fixture
def automatic(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which the service's policy approves."""
    original = compiled.read(RUNBOOK)
    approval = original.service.approval.model_copy(update={"policy": "automatic"})
    changed = original.model_copy(update={"service": original.service.model_copy(update={"approval": approval})})
    monkeypatch.setattr(compiled, "read", lambda _: changed)
    return world


def test_every_approver_gets_one_mail_with_a_link_of_their_own(world: World) -> None:
    mails = world.ask()
    assert [mail.to for mail in mails] == APPROVERS
    assert len({mail.link for mail in mails}) == len(mails)
    assert all(len(mail.link) >= 43 for mail in mails)  # 256 bits


def test_the_mail_says_everything_that_a_decision_needs(world: World) -> None:
    mail = world.ask()[0]
    known = compiled.read(RUNBOOK)
    fix = known.fixes["open_security_group_port"]
    (step,) = world.plan.steps
    assert mail.text == MAIL.format(
        reason=REASON,
        port_closed=known.questions["firewall"]["port-closed"],
        unhealthy=known.questions["targets"]["unhealthy-targets"],
        effect=step.effect,
        risk=fix.risk,
        undo=fix.undo,
        until=datetime.fromtimestamp(world.question()["until"], UTC),
        url=URL,
        link=mail.link,
        incident=INCIDENT,
    )
    assert {"sg-0a1b0000000000001", "sg-0a1b0000000000002", "8000"} <= {word.strip(",") for word in step.effect.split()}


def test_the_subject_is_short_and_ascii(world: World) -> None:
    for mail in world.ask(*CLOSED_PORT, "probe.mismatch", "service.desired-zero"):
        assert mail.subject.startswith("[ganopa-bot] Approve a change? The service is asked to run no task; ")
        assert mail.subject.isascii()
        assert len(mail.subject) < 100


def test_a_link_is_stored_as_its_hash_only(world: World) -> None:
    mails = world.ask()
    stored = json.dumps(world.items)
    for mail in mails:
        assert mail.link not in stored
        assert f"link#{hashlib.sha256(mail.link.encode()).hexdigest()}" in stored


def test_the_task_token_is_in_the_question_only(world: World) -> None:
    mails = world.ask(token="AQCEAAAAKgAAAAMAAAAA")
    with_token = [item["item"]["S"] for item in world.items if "AQCEAAAAKgAAAAMAAAAA" in json.dumps(item)]
    assert with_token == ["approval#1"]
    assert not any("AQCEAAAAKgAAAAMAAAAA" in mail.text for mail in mails)


def test_the_question_waits_for_as_long_as_the_service_says(world: World) -> None:
    world.ask()
    question = world.question()
    assert (question["state"], question["digest"]) == ("pending", world.plan.digest)
    assert abs(question["until"] - time() - 30 * 60) < 5
    assert world.timeline[-1] == f"Asked {', '.join(APPROVERS)}"
    assert world.answers == []


def test_the_next_round_is_another_question(world: World) -> None:
    world.ask()
    world.conclude(findings("probe.mismatch"))
    request_approval.handler({**OF, "round": 2, "token": "token-2"})
    assert world.question(1)["digest"] != world.question(2)["digest"] == world.plan.digest
    assert world.question(1)["token"] == "token-1"


def test_a_retried_question_takes_the_new_token_and_stays_open(world: World) -> None:
    first = world.ask()[0]
    request_approval.handler({**OF, "round": 1, "token": "token-2"})
    assert (world.question()["token"], world.question()["state"]) == ("token-2", "pending")
    assert len(world.mails) == 4
    assert world.page(first.link)["statusCode"] == 200  # the first mails' links still work


def test_a_question_answered_before_its_retry_is_answered_again(world: World) -> None:
    world.ask()
    world.incidents.update(INCIDENT, "approval#1", {"state": "rejected"})
    assert request_approval.handler({**OF, "round": 1, "token": "token-2"}) == {"asked": []}
    assert world.answers == [("token-2", '{"decision": "rejected"}')]
    assert len(world.mails) == 2


def test_an_automatic_policy_answers_at_once_and_asks_nobody(automatic: World) -> None:
    assert automatic.ask() == []
    assert automatic.answers == [("token-1", '{"decision": "approved"}')]
    question = automatic.question()
    assert (question["state"], question["decided_by"], question["channel"]) == ("approved", "policy", "automatic")
    assert automatic.timeline[-1] == "Approved by the service's policy, which asks nobody"


def test_an_automatic_answer_that_got_lost_is_sent_again(automatic: World) -> None:
    automatic.ask()
    request_approval.handler({**OF, "round": 1, "token": "token-2"})
    assert automatic.answers[1:] == [("token-2", '{"decision": "approved"}')]


def test_links_differ_from_question_to_question(world: World) -> None:
    world.ask()
    request_approval.handler({**OF, "round": 2, "token": "token-2"})
    assert all(one != other for one, other in pairwise(sorted(mail.link for mail in world.mails)))
