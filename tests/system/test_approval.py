"""Who may decide what, until when, and that nothing else does: over HTTP, on the deployed template."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from functions.core import approval
from functions.core.approval import Decision
from functions.core.incidents import now
from sandbox import approver, deployed
from sandbox.cloud import Sandbox
from sandbox.watch import run_out, waits
from sandbox.world import World
from tests.system.run import RUNBOOK, SECONDS, SERVICE, Run, Watch

AMEL, KARIM, LINA = SERVICE.approvers
FIRST, REMINDED, SECOND, LAST = range(4)


@pytest.fixture
def run(sandbox: Sandbox, world: World) -> Run:
    """An open question about a closed port, which the alarm has started."""
    watch = Watch(sandbox)
    world.break_("closed-port")
    asked = watch.next()
    asked.asked()
    return asked


def link(run: Run, who: str = AMEL, number: int = 0) -> str:
    """Somebody's link, by the number of the mail it came in."""
    run.mail(who, number)
    return run.links(who)[number]


def pass_time(run: Run, times: int = 1) -> None:
    """Let nobody answer until the next call, some times over."""
    for _ in range(times):
        before = _turn(run)
        run.sandbox.world.wait_until(partial(_runs_out, run), SECONDS)
        run.sandbox.world.wait_until(partial(_goes_on, run, before), SECONDS)


def _turn(run: Run) -> tuple[int, str]:
    question = run.question()
    return question["call"], question["state"]


def _goes_on(run: Run, before: tuple[int, str]) -> bool:
    return _turn(run) != before


def _runs_out(run: Run) -> bool:
    """Let the time be over, unless the execution is between two waits; one that has ended waits no more."""
    try:
        run_out(run.sandbox, run.execution)
    except LookupError:
        return bool(run.record["state"] == "closed")
    return True


def approval_form(run: Run, who: str = AMEL) -> dict[str, str]:
    """What the page behind somebody's first link sends now, once its button is pressed."""
    return approver.look(link(run, who)).form | {"decision": "approve"}


def closed(run: Run, text: str, stale: dict[str, str], who: str = AMEL) -> None:
    """Look at a page that says why nothing can be decided there, and send the form that it had all the same."""
    version = run.question()["version"]
    page = approver.look(link(run, who))
    assert (page.status, page.form) == (200, {})
    assert text in page.html
    assert set(stale) == {"nonce", "decision"}
    assert approver.send(link(run, who), stale).status == 200
    assert run.question()["version"] == version


# Scanners, and links that are not what was mailed


def test_scanners_that_open_every_link_twenty_times_change_nothing(run: Run) -> None:
    links = [link(run, who) for who in (AMEL, KARIM)]
    before, after = run.question(), {"looks": -1}
    while after["looks"] != before["looks"]:  # the alarm may flap, and then the question is looked at again
        before = run.question()
        _scan(links)
        after = run.question()
    assert after == before
    run.decide("approve")
    assert run.end()["outcome"] == "recovered"


def _scan(links: list[str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        visits = [pool.submit(approver.look, one, method) for one in links for method in ("GET", "HEAD") * 5]
    assert {visit.result().status for visit in visits} <= {200, 429}
    for one in links:
        for method in ("GET", "HEAD") * 10:
            time.sleep(0.1)
            assert approver.look(one, method).status == 200


def test_unknown_malformed_truncated_and_changed_links_get_the_same_plain_page(run: Run) -> None:
    whole = link(run)
    start, secret = whole[: -len(whole.rpartition("/")[2])], whole.rpartition("/")[2]
    changed = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    answers = [approver.look(start + one) for one in ("A" * 43, secret[:-1], changed, "%00%ff", "..%2f", "x" * 4_000)]
    assert {(answer.status, answer.html) for answer in answers} == {(404, answers[0].html)}
    assert all("set-cookie" not in answer.headers for answer in answers)
    posted = approver.send(start + changed, {"decision": "approve", "nonce": "0" * 64})
    assert (posted.status, posted.html) == (404, answers[0].html)


def test_every_answer_forbids_caching_referring_sniffing_framing_and_scripts(run: Run) -> None:
    whole = link(run)
    pages = [approver.look(whole), approver.look(whole[:-1]), approver.send(whole, {}), approver.look(whole, "HEAD")]
    for page in pages:
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert page.headers["cross-origin-opener-policy"] == "same-origin"
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        policy = page.headers["content-security-policy"]
        for part in ("default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("form", [{}, {"nonce": ""}, {"nonce": "0" * 64}], ids=["missing", "empty", "forged"])
def test_forged_or_missing_nonce_decides_nothing(run: Run, form: dict[str, str]) -> None:
    assert approver.send(link(run), {"decision": "approve", **form}).status == 400
    other = approver.look(link(run, KARIM)).form["nonce"]
    assert approver.send(link(run), {"decision": "approve", "nonce": other}).status == 400
    assert run.question()["state"] == "pending"


@pytest.mark.parametrize("headers", [{"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}], ids=str)
def test_form_sent_by_another_site_decides_nothing(run: Run, headers: dict[str, str]) -> None:
    form = approver.look(link(run)).form | {"decision": "approve"}
    assert approver.send(link(run), form, **headers).status == 403
    assert run.question()["state"] == "pending"


def test_another_incidents_link_decides_only_its_own(sandbox: Sandbox, run: Run) -> None:
    other = Run.by_hand(sandbox)
    other.asked()
    approver.decide(link(run), "reject", "this one")
    assert other.question()["state"] == "pending"
    form = approver.look(link(other)).form | {"decision": "approve"}
    assert approver.send(link(run), form).status == 400
    assert run.question()["state"] == "rejected"


# Once


def test_link_used_twice_decides_once(run: Run) -> None:
    form = approver.look(link(run)).form | {"decision": "approve"}
    assert [approver.send(link(run), form).status for _ in range(2)] == [200, 200]
    assert [one["decision"] for one in run.question()["decisions"]] == ["approved"]
    assert run.end()["outcome"] == "recovered"
    assert run.states.count("Lock target") == 1


def test_two_approvers_at_the_same_instant_decide_once(run: Run) -> None:
    links = [link(run, who) for who in (AMEL, KARIM)]
    answers = [{"decision": "approve"}, {"decision": "reject", "reason": "no"}]
    with ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(approver.look, links))  # these too at once, so that two functions are warm
        list(pool.map(lambda one, page, answer: approver.send(one, page.form | answer), links, pages, answers))
    question = run.question()
    assert len(question["decisions"]) == 1
    assert question["state"] == question["decisions"][0]["decision"]
    report = run.end()
    assert report["outcome"] == {"approved": "recovered", "rejected": "rejected"}[question["state"]]
    assert sum("(par son lien)" in line for line in report["timeline"]) == 1


def test_decision_that_crashed_before_it_was_told_is_told_by_the_next_look(sandbox: Sandbox, run: Run) -> None:
    _crash_after_deciding(sandbox, run)
    approver.look(link(run, KARIM))
    assert run.end()["outcome"] == "recovered"
    assert [one["approver"] for one in run.question()["decisions"]] == [AMEL]


def test_decision_that_crashed_before_it_was_told_counts_when_the_time_is_over(sandbox: Sandbox, run: Run) -> None:
    _crash_after_deciding(sandbox, run)
    sandbox.world.wait_until(partial(_runs_out, run), SECONDS)
    assert run.end()["outcome"] == "recovered"


def _crash_after_deciding(sandbox: Sandbox, run: Run) -> None:
    """Leave the table as a page that died between deciding and telling leaves it."""
    table = deployed.incidents(sandbox, SERVICE.name)
    question = approval.read(table, run.incident, 1)
    assert question
    said = {"decision": "approved", "approver": AMEL, "channel": "link", "at": now(), "digest": question.digest}
    assert approval.decide(table, question, Decision.model_validate(said | {"proof": "-"})).state == "approved"


# Levels and time


def test_nobody_answers_reminds_asks_the_next_level_and_expires_unchanged(run: Run, world: World) -> None:
    stale = approval_form(run)
    pass_time(run)
    reminder = run.mail(AMEL, 1)
    assert "Rappel" in reminder.subject
    assert len(set(run.links(AMEL))) == 2
    pass_time(run)
    linas = approval_form(run, LINA)
    assert "L2" in approver.look(link(run)).html
    assert approver.look(link(run)).form == {}
    assert approver.send(link(run), stale).status == 200
    assert (run.question()["state"], run.question()["decisions"]) == ("pending", [])
    pass_time(run, 2)
    assert run.end()["outcome"] == "expired"
    closed(run, "Personne n’a décidé à temps", linas, LINA)
    assert not any(state.startswith("Fix ") for state in run.states)
    assert not world.healthy()


def test_next_level_decides_with_its_own_links(run: Run) -> None:
    stale = approval_form(run)
    pass_time(run, 2)
    assert approver.send(link(run), stale).status == 200
    assert run.question()["decisions"] == []
    approver.decide(link(run, LINA), "approve")
    assert run.end()["outcome"] == "recovered"
    assert run.question()["decisions"][0]["approver"] == LINA


# The plan is checked again


def test_alarm_that_clears_withdraws_the_question_and_tells_the_approvers(run: Run, world: World) -> None:
    stale = approval_form(run)
    world.heal()
    assert run.end()["outcome"] == "healthy"
    assert run.question()["state"] == "withdrawn"
    for who in (AMEL, KARIM):
        assert "rien n’a été modifié" in run.mail(who, 1).body
    closed(run, "La question a été retirée", stale)
    assert not any(state.startswith("Fix ") for state in run.states)


def test_alarm_update_keeps_an_unchanged_question(sandbox: Sandbox, run: Run) -> None:
    with _calm(sandbox, run):
        _update(sandbox, run)
    assert run.question()["state"] == "pending"
    assert len(run.mails(AMEL)) == 1
    run.decide("approve")
    assert run.end()["outcome"] == "recovered"


def test_alarm_update_replaces_the_question_about_a_plan_that_changed(sandbox: Sandbox, run: Run, world: World) -> None:
    stale = approval_form(run)
    with _calm(sandbox, run):
        world.break_("wrong-health-path")
        _update(sandbox, run)
    second = link(run, AMEL, 1)
    closed(run, "Le plan a changé", stale)
    assert [step["fix"] for step in run.question(2)["plan"]["steps"]] == run.fixes
    assert len(run.fixes) == 2
    approver.decide(second, "approve")
    assert run.end()["outcome"] == "recovered"
    assert run.question(1)["state"] == "replaced"


@contextmanager
def _calm(sandbox: Sandbox, run: Run) -> Iterator[None]:
    """Let no alarm change any more, once all that rang so far has been looked at."""
    sandbox.world.wait_until(lambda: len(sandbox.world.alarms.ringing()) == len(SERVICE.runbooks[RUNBOOK].alarms), 30)
    with sandbox.world.alarms.paused():
        sandbox.world.wait_until(lambda: sandbox.idle and waits(run.execution), SECONDS)
        yield


def _update(sandbox: Sandbox, run: Run) -> None:
    """Let the incident's alarm change its state for a moment, and wait until it has been looked at."""
    looks = run.question()["looks"]
    name = run.record["trigger"]["name"]
    time.sleep(1)  # an event's time has whole seconds, and two of one alarm in the same second are one
    for state in ("INSUFFICIENT_DATA", "ALARM"):
        sandbox.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    sandbox.world.wait_until(lambda: run.question()["looks"] > looks, SECONDS)
    sandbox.world.wait_until(lambda: sandbox.idle and waits(run.execution), SECONDS)


# What must not get out, and what must not get in


def test_token_and_link_are_in_no_log_metric_history_table_or_page(sandbox: Sandbox, run: Run) -> None:
    secret = link(run).rpartition("/")[2]
    page = approver.look(link(run)).html
    tokens = _tokens(sandbox, run)
    assert len(tokens) == 1
    approver.decide(link(run), "reject", "enough seen")
    run.end()
    kept = [sandbox.everything_logged(), str(_table(sandbox)), page, approver.look(link(run)).html]
    history = _history(sandbox, run)
    outside = [event for event in history if "Ask for approval" not in str(event) and "Task" not in event["type"]]
    for place in [*kept, str(outside)]:
        assert tokens[0] not in place
        assert secret not in place
    assert secret not in str(history)


def _history(sandbox: Sandbox, run: Run) -> list[dict[str, Any]]:
    states = sandbox.client("stepfunctions")
    events: list[dict[str, Any]] = states.get_execution_history(executionArn=run.execution, maxResults=1000)["events"]
    return events


def _tokens(sandbox: Sandbox, run: Run) -> list[str]:
    """Find the task token where it has to be: in what the asking function is given."""
    history = _history(sandbox, run)
    given = [event["taskScheduledEventDetails"] for event in history if "taskScheduledEventDetails" in event]
    payloads = [json.loads(one["parameters"]).get("Payload", {}) for one in given]
    return [one["token"] for one in payloads if "token" in one]


def _table(sandbox: Sandbox) -> list[dict[str, Any]]:
    table = deployed.incidents(sandbox, SERVICE.name)
    return list(table.dynamodb.scan(TableName=table.table, ConsistentRead=True)["Items"])


def test_script_in_a_reason_or_an_alarm_is_shown_as_text(sandbox: Sandbox, run: Run) -> None:
    script = "<script>alert(1)</script>\r\nSet-Cookie: a=b"
    said = run.record["trigger"] | {"reason": "<script>alert(2)</script>"}
    deployed.incidents(sandbox, SERVICE.name).update(run.incident, "record", {"trigger": said})
    approver.decide(link(run), "reject", script)
    page = approver.look(link(run))
    assert "<script" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Set-Cookie: a=b" in page.html
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page.html
    assert "set-cookie" not in page.headers
    assert [one["words"] for one in run.question()["decisions"]] == ["<script>alert(1)</script> Set-Cookie: a=b"]
    assert run.end()["outcome"] == "rejected"
    assert any("<script>alert(1)</script> Set-Cookie" in line for line in run.mail(KARIM, 1).body.splitlines())


def test_ten_megabytes_decide_nothing_and_cost_nothing(run: Run) -> None:
    form = approver.look(link(run)).form | {"decision": "approve"}
    for megabytes in (1, 5, 10, 11):
        assert approver.send(link(run), form | {"reason": "x" * (megabytes * 1024 * 1024)}).status in {400, 413}
    assert run.question()["state"] == "pending"


def test_flood_is_throttled_and_others_still_decide(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    instant = SimpleNamespace(monotonic=partial(float, time.monotonic()))  # however slowly the machine serves it
    monkeypatch.setattr("sandbox.throttle.time", instant)
    unknown = link(run)[:-4] + "AAAA"
    form = approver.look(link(run)).form | {"decision": "approve"}
    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(approver.look, unknown) for _ in range(200)]
        posts = [pool.submit(approver.send, unknown, {"decision": "approve"}) for _ in range(60)]
        decided = pool.submit(approver.send, link(run), form)
    assert {one.result().status for one in flood} == {404, 429}
    assert {one.result().status for one in posts} == {404}
    assert decided.result().status in {200, 429}  # the page it ends on is read, and reading is throttled
    assert run.end()["outcome"] == "recovered"


# The record


def test_one_query_answers_who_what_when_why_on_which_evidence_with_which_effect(sandbox: Sandbox, run: Run) -> None:
    approver.decide(link(run, KARIM), "approve")
    run.end()
    found = deployed.incidents(sandbox, SERVICE.name).everything(run.incident)
    question, change = found["approval#1"], found["change#1#0"]
    (decision,) = question["decisions"]
    assert (decision["approver"], decision["channel"], decision["address"]) == (KARIM, "link", "127.0.0.1")
    assert decision["digest"] == question["digest"]
    assert decision["at"] > question["asked_at"]
    assert "boîte" in decision["proof"]
    assert json.loads(question["plan"])["steps"][0]["fix"] == change["fix"] == "open_security_group_port"
    assert json.loads(question["diagnosis"])["causes"][0]["name"] == "port-closed-to-load-balancer"
    assert change["before"] != change["after"]
    assert found["record"]["outcome"] == "recovered"
    assert found["record"]["trigger"]["kind"] == "alarm"
