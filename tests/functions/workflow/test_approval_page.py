import base64
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest

from functions.core import approval, waiting, web
from functions.core.web import Response
from functions.workflow import approval_page
from tests.functions.workflow.conftest import Overtaken, Rules
from tests.functions.workflow.trail import Trail
from tests.functions.workflow.world import (
    AMEL,
    CLOSED_PORT,
    FIRST,
    INCIDENT,
    KARIM,
    LINA,
    PRINCIPALS,
    STRICT,
    TRIGGER,
    World,
    findings,
)

APPROVED = ("token-1", '{"decision": "approved"}')
REJECTED = ("token-1", '{"decision": "rejected"}')
TWO = {"low": "two", "medium": "two", "high": "two"}


class Forms(HTMLParser):
    """Reads a page's forms: for each, the hidden fields and what its first button says."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        if given.get("type") == "hidden" or tag == "button":
            self.forms[-1].setdefault(given["name"], given["value"])


def forms(response: Response) -> list[dict[str, str]]:
    """List the forms of a page, each as what the Enter key would send."""
    parser = Forms()
    parser.feed(response["body"])
    return parser.forms


def approve(world: World, link: str, **changed: Any) -> Response:
    """Press the approving button, or send something like it."""
    nonce = forms(world.page(link))[0]["nonce"]
    return world.page(link, "POST", {"nonce": nonce, "decision": "approve", **changed})


def reject(world: World, link: str, reason: str = "no") -> Response:
    """Press the rejecting button."""
    return approve(world, link, decision="reject", reason=reason)


@pytest.fixture
def link(world: World) -> str:
    """The first approver's link to an open question."""
    return world.ask()[0].link


def undecided(world: World) -> bool:
    """Say whether nothing has come of the question."""
    return (world.question()["state"], world.said(), world.answers) == ("pending", [], [])


# What it shows


@pytest.mark.usefixtures("ladder")
def test_the_page_says_which_change_is_only_made_where_another_has_not_helped(world: World) -> None:
    body = world.page(world.ask()[0].link)["body"]
    first, second = world.plan.steps
    told = "only if what stands above does not help"
    assert body.count(told) == 1
    assert body.index(first.effect) < body.index(second.effect) < body.index(told) < body.index(second.radius)


def test_the_page_shows_what_a_decision_needs_and_a_form_for_each(world: World, link: str) -> None:
    page = world.page(link)
    assert page["statusCode"] == 200
    (step,) = world.plan.steps
    for text in (
        "Bot Telegram de api.maisonganopa.com",
        "The tasks&#39; security group does not let the load balancer in",
        TRIGGER["reason"],
        "2026-11-21 08:00 UTC",
        step.effect,
        step.before,
        step.after,
        step.undo,
        step.radius,
        f"<dd>{step.risk}</dd>",
        AMEL,
        INCIDENT,
        world.plan.digest[:12],
        "firewall was looked at",
        "it proves a mailbox, not a person",
    ):
        assert str(text) in page["body"]
    assert [form["decision"] for form in forms(page)] == ["approve", "reject"]


def test_what_was_confirmed_ruled_out_and_unknown_is_shown_with_its_evidence(world: World) -> None:
    world.open()
    world.conclude(findings(*CLOSED_PORT, unknown=["entrance.port-closed"]))
    world.call(FIRST)
    body = world.page(world.mails[0].link)["body"]
    assert body.index("<h2>Probable cause</h2>") < body.index('<li class="for">') < body.index("<details>")
    assert '<li class="unknown">' in body
    assert ": ruled out</h3>" in body


def test_the_page_is_in_the_services_language(world: World, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    body = world.page(link)["body"]
    assert '<html lang="fr">' in body
    assert "Approve this change" not in body
    assert "does not exist" not in world.page("unknown")["body"]


def test_a_closed_incident_is_shown_as_an_entry_of_the_history(world: World, link: str) -> None:
    assert "?as=markdown" not in world.page(link)["body"]
    reject(world, link, "<b>not</b> *today*")
    entry = world.close("rejected")["history"]
    page, before = world.page(link)["body"], world.items
    assert '<a href="?as=markdown">' in page
    answer = world.page(link, query={"as": "markdown"})
    assert (answer["statusCode"], answer["body"]) == (200, entry)
    assert "\\<b\\>not\\</b\\> \\*today\\*" in answer["body"]
    headers = answer["headers"]
    assert headers["content-type"] == "text/markdown; charset=utf-8"
    assert headers | {"content-type": web.HEADERS["content-type"]} == headers | web.HEADERS
    assert link not in headers["content-disposition"]
    assert world.items == before


def test_an_open_incident_is_no_entry_yet(world: World, link: str) -> None:
    answer = world.page(link, query={"as": "markdown"})
    assert (answer["statusCode"], answer["headers"]) == (404, web.HEADERS)
    assert "once the incident is closed" in answer["body"]
    assert undecided(world)


def test_in_any_other_form_it_is_the_page(world: World, link: str) -> None:
    for asked in ("", "pdf", "Markdown"):
        assert world.page(link, query={"as": asked})["body"] == world.page(link)["body"]


def test_after_the_decision_the_page_tells_what_happens(world: World, link: str) -> None:
    approve(world, link)
    world.incidents.note(INCIDENT, "Something was done")
    for one in world.mails:
        page = world.page(one.link)
        assert f"Approved by {AMEL}, " in page["body"]
        assert "Something was done" in page["body"]
        assert forms(page) == []


def test_a_rejection_is_shown_with_its_words(world: World, link: str) -> None:
    reject(world, link, "not today")
    assert f"Rejected by {AMEL}, " in world.page(link)["body"]
    assert "“not today”" in world.page(link)["body"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("expired", "Nobody decided in time."),
        ("withdrawn", "The question was withdrawn"),
        ("replaced", "The plan has changed since: this question is over."),
    ],
)
def test_a_question_that_ended_says_so_and_takes_no_decision(
    world: World, link: str, state: str, sentence: str
) -> None:
    form = forms(world.page(link))[0]
    world.change(state=state)
    page = world.page(link)
    assert sentence in page["body"]
    assert forms(page) == []
    for one in (form, form | {"decision": "reject", "reason": "no"}):
        assert world.page(link, "POST", one)["statusCode"] == 303
    assert (world.question()["state"], world.said(), world.answers) == (state, [], [])


def test_a_closed_incidents_page_is_its_report(world: World, link: str) -> None:
    approve(world, link)
    change = {"fix": "open_security_group_port", "before": {"open": False}, "after": {"open": True}, "undo": None}
    world.incidents.create(INCIDENT, "change#1#0", change)
    world.close("recovered")
    page = world.page(link)
    for text in ("<strong>recovered</strong>", "This page stays as the incident's report.", f"Approved by {AMEL}"):
        assert text in page["body"]
    assert "open_security_group_port has changed: open False → open True" in page["body"]
    assert all(line.replace("'", "&#39;") in page["body"] for line in world.timeline)
    assert forms(page) == []
    assert "refresh" not in page["headers"]


def test_the_page_is_shown_anew_only_while_something_happens(world: World, link: str) -> None:
    assert "refresh" not in world.page(link)["headers"]  # it would take away what a person is typing
    approve(world, link)
    page = world.page(link)
    assert page["headers"]["refresh"] == "5"
    assert 'href="?still=1"' in page["body"]
    still = world.page(link, query={"still": "1"})
    assert "refresh" not in still["headers"]
    assert 'href="?"' in still["body"]
    world.close("recovered")
    for query in ({}, {"still": "1"}):
        closed = world.page(link, query=query)
        assert "refresh" not in closed["headers"]
        assert "still" not in closed["body"]


def test_the_enter_key_in_the_reasons_field_does_not_approve(world: World, link: str) -> None:
    body = world.page(link)["body"]
    (form,) = [form for form in body.split("<form")[1:] if 'name="reason"' in form.split("</form>")[0]]
    assert 'value="approve"' not in form.split("</form>")[0]


# What changes something, and what does not


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_only_a_post_changes_anything_however_often(world: World, link: str, method: str) -> None:
    nonce = forms(world.page(link))[0]["nonce"]
    before = world.items
    for _ in range(20):
        for one in world.mails:
            assert world.page(one.link, method, {"nonce": nonce, "decision": "approve"})["statusCode"] == 200
    assert world.items == before
    assert undecided(world)


def test_looking_writes_nothing_and_asks_for_no_token(world: World, link: str, requests: list[str]) -> None:
    world.page(link)
    assert set(requests) == {"GetItem", "Query", "GetParameters"}


def test_a_post_with_the_nonce_approves(world: World, link: str) -> None:
    answer = approve(world, link)
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, f"/incidents/{link}")
    assert world.answers == [APPROVED]
    question = world.approval()
    assert (question.state, question.told) == ("approved", True)
    assert question.last
    assert question.last.model_dump(exclude={"at"}) == {
        "decision": "approved",
        "approver": AMEL,
        "channel": "link",
        "digest": world.plan.digest,
        "proof": "A link proves a mailbox, not a person",
        "address": "192.0.2.7",
        "principal": "",
        "words": "",
    }
    assert world.timeline[-1] == f"Approved by {AMEL} (through their link)"


def test_a_rejection_says_why(world: World, link: str) -> None:
    reject(world, link, "  not during\nthe launch ")
    assert world.answers == [REJECTED]
    assert world.timeline[-1] == f"Rejected by {AMEL}: not during the launch (through their link)"


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_rejection_without_a_reason_decides_nothing(world: World, link: str, reason: str) -> None:
    answer = reject(world, link, reason)
    assert answer["statusCode"] == 400
    assert "Say in a few words why you reject" in answer["body"]
    assert undecided(world)


def test_a_high_risk_asks_to_type_the_name(world: World, rules: Rules) -> None:
    rules(risk="high", policy={"high": "one"})
    link = world.ask()[0].link
    assert 'name="service"' in world.page(link)["body"]
    refused = approve(world, link)
    assert (refused["statusCode"], undecided(world)) == (400, True)
    assert "type the service&#39;s name, ganopa-bot" in refused["body"]
    assert approve(world, link, service="ganopa-bot")["statusCode"] == 303
    assert world.approval().state == "approved"


def test_another_risk_asks_to_type_nothing(world: World, link: str) -> None:
    assert 'name="service"' not in world.page(link)["body"]


def test_two_people_approve_and_see_who_is_missing(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    first, second = (mail.link for mail in world.ask())
    assert "2 different people have to approve." in world.page(first)["body"]
    for _ in range(2):
        approve(world, first)
    assert (world.approval().state, world.answers) == ("pending", [])
    assert [form["decision"] for form in forms(world.page(first))] == ["reject"]
    body = world.page(second)["body"]
    assert f"Approved by {AMEL} so far." in body
    assert "1 more person has to approve." in body
    approve(world, second)
    assert (world.approval().state, world.answers) == ("approved", [APPROVED])


def test_who_started_it_by_hand_may_not_approve_it(world: World, rules: Rules, trail: Trail) -> None:
    rules(**STRICT)
    first, second = (mail.link for mail in world.ask(given={}))
    assert "it is not known yet who that was" in world.page(first)["body"]
    trail.started(PRINCIPALS[AMEL])
    answer = approve(world, first)
    assert (answer["statusCode"], undecided(world)) == (400, True)
    assert "another approver has to approve it" in answer["body"]
    assert f"Started by hand by {AMEL} (CloudTrail saw it)." in world.page(first)["body"]
    approve(world, second)
    assert world.answers == [APPROVED]


def test_where_cloudtrail_does_not_answer_a_person_reads_what_is_missing(
    world: World, rules: Rules, trail: Trail
) -> None:
    rules(**STRICT)
    link = world.ask(given={})[0].link
    trail.error = "AccessDeniedException"
    assert approve(world, link)["statusCode"] == 303
    assert (world.approval().state, world.answers) == ("pending", [])
    assert "Approve now, and once more then; or let a second person approve." in world.page(link)["body"]


def test_while_a_switch_stops_everything_the_page_says_so_and_takes_no_approval(world: World, link: str) -> None:
    world.switch("a <b>migration</b> runs")
    page = world.page(link)
    assert "<strong>Nothing can be approved now.</strong> Stopped by " in page["body"]
    assert ": a &lt;b&gt;migration&lt;/b&gt; runs</p>" in page["body"]
    answer = approve(world, link)
    assert (answer["statusCode"], undecided(world)) == (400, True)
    assert ": a &lt;b&gt;migration&lt;/b&gt; runs" in answer["body"]
    world.switch("go")
    assert "Nothing can be approved now." not in world.page(link)["body"]
    assert approve(world, link)["statusCode"] == 303
    assert world.answers == [APPROVED]


def test_while_a_switch_stops_everything_a_person_may_still_reject(world: World, link: str) -> None:
    world.switch("a migration runs")
    assert reject(world, link)["statusCode"] == 303
    assert world.answers == [REJECTED]


def test_a_body_in_base64_is_read(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    event = {
        "rawPath": f"/incidents/{link}",
        "headers": {},
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.7"}},
        "pathParameters": {"link": link},
        "isBase64Encoded": True,
        "body": base64.b64encode(f"nonce={form['nonce']}&decision=approve".encode()).decode(),
    }
    assert approval_page.handler(event)["statusCode"] == 303
    assert world.question()["state"] == "approved"


# Forged, foreign and malformed posts


@pytest.mark.parametrize("nonce", ["", "0" * 64, "é", "\x00", "x" * 5_000])
def test_a_wrong_nonce_decides_nothing(world: World, link: str, nonce: str) -> None:
    assert approve(world, link, nonce=nonce)["statusCode"] == 400
    assert undecided(world)


def test_a_nonce_with_one_changed_character_decides_nothing(world: World, link: str) -> None:
    nonce = forms(world.page(link))[0]["nonce"]
    assert approve(world, link, nonce=nonce[:-1] + ("0" if nonce[-1] != "0" else "1"))["statusCode"] == 400
    assert undecided(world)


def test_another_links_nonce_decides_nothing(world: World, link: str) -> None:
    other = forms(world.page(world.mails[1].link))[0]["nonce"]
    assert approve(world, link, nonce=other)["statusCode"] == 400
    assert undecided(world)


def test_a_nonce_of_a_page_with_another_plan_decides_nothing(world: World, link: str) -> None:
    """The plan is another one by the time the form is sent: what the person saw is not what they would approve."""
    form = forms(world.page(link))[0]
    world.change(digest="0" * 64)
    assert world.page(link, "POST", form)["statusCode"] == 400
    assert undecided(world)


def test_a_nonce_of_another_round_decides_nothing(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    world.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    world.call(FIRST, 2, token="token-2")
    newer = world.mails[-2].link
    assert world.page(newer, "POST", form)["statusCode"] == 400
    assert world.page(link, "POST", form)["statusCode"] == 303
    assert (world.question(1)["state"], world.question(2)["state"], world.answers) == ("replaced", "pending", [])


@pytest.mark.parametrize(
    "form", [None, {}, {"decision": "approve"}, {"decision": "postpone"}, {"decision": "approved"}]
)
def test_another_form_decides_nothing(world: World, link: str, form: dict[str, str] | None) -> None:
    assert world.page(link, "POST", form)["statusCode"] == 400
    assert undecided(world)


@pytest.mark.parametrize(
    "body",
    [
        "=&" * 30,
        "&".join(f"a{number}=1" for number in range(40)),
        "%00%ff%fe=%c3%28",
        '{"decision": "approve"}',
        "\x00\ud800",
        "decision=approve&nonce=\ud800",
        "decision=approve;nonce=1",
    ],
)
def test_a_body_that_is_no_form_of_ours_decides_nothing(world: World, link: str, body: str) -> None:
    assert world.page(link, "POST", body=body)["statusCode"] == 400
    assert undecided(world)


@pytest.mark.parametrize("body", ["not base64", "/w==", "%"])
def test_a_body_in_broken_base64_decides_nothing(world: World, link: str, body: str) -> None:
    event = {
        "rawPath": f"/incidents/{link}",
        "headers": {},
        "requestContext": {"http": {"method": "POST", "sourceIp": "192.0.2.7"}},
        "pathParameters": {"link": link},
        "isBase64Encoded": True,
        "body": body,
    }
    assert approval_page.handler(event)["statusCode"] == 400
    assert undecided(world)


def test_an_oversized_body_decides_nothing(world: World, link: str) -> None:
    assert approve(world, link, reason="x" * 8_192)["statusCode"] == 400
    assert approve(world, link, reason="x" * 10_000_000)["statusCode"] == 400
    assert undecided(world)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "https://approve.example.evil.example"},
        {"origin": "https://approve.example:8443"},
        {"origin": "https://evil@approve.example"},
        {"origin": "http://["},
        {"origin": ""},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": "https://approve.example", "sec_fetch_site": "cross-site"},
    ],
)
def test_a_form_sent_by_another_site_decides_nothing(world: World, link: str, headers: dict[str, Any]) -> None:
    form = forms(world.page(link))[0]
    answer = world.page(link, "POST", form, host="approve.example", **headers)
    assert (answer["statusCode"], undecided(world)) == (403, True)
    assert "The form was sent by another site." in answer["body"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"origin": "https://approve.example"},
        {"origin": "https://approve.example", "sec_fetch_site": "same-origin"},
        # What browsers say on a page that asks for no referrer: https://fetch.spec.whatwg.org/#append-a-request-origin-header
        {"origin": "null", "sec_fetch_site": "same-origin"},
        {"origin": "null"},
    ],
)
def test_a_form_sent_by_our_own_page_decides(world: World, link: str, headers: dict[str, Any]) -> None:
    form = forms(world.page(link))[0]
    assert world.page(link, "POST", form, host="approve.example", **headers)["statusCode"] == 303
    assert world.question()["state"] == "approved"


# Links


def wrong(link: str) -> list[str]:
    """List links that are almost the right one, and some that are none at all."""
    changed = [
        link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :] for at in (0, len(link) // 2, -1 % len(link))
    ]
    malformed = [
        "",
        "/",
        "..",
        "%00",
        "\x00",
        "é" * 43,
        "\ud800",
        "A" * 43,
        "A" * 100_000,
        "<script>",
        "a\r\nx-evil: 1",
    ]
    return [
        *changed,
        *malformed,
        link[:-1],
        link[1:],
        f"{link}A",
        f" {link}",
        link.swapcase(),
        approval.link_item(link),
    ]


def test_every_link_but_the_right_one_gets_the_same_answer_after_the_same_work(
    world: World, link: str, requests: list[str]
) -> None:
    answers, work = [], []
    for one in wrong(link):
        for method, form in (("GET", None), ("HEAD", None), ("POST", {"decision": "approve", "nonce": "0" * 64})):
            requests.clear()
            answers.append(world.page(one, method, form))
            work.append(tuple(requests))
    assert answers[0]["statusCode"] == 404
    assert all(answer == answers[0] for answer in answers)
    assert set(work) == {("GetItem",)}
    assert undecided(world)


@pytest.mark.parametrize("item", ["record", "approval#1"])
def test_a_link_of_an_incident_that_has_expired_is_unknown(world: World, link: str, item: str) -> None:
    """DynamoDB deletes what has expired within days, in no order."""
    unknown = world.page("unknown")
    world.incidents.delete(INCIDENT, item, expires=(world.incidents.get(INCIDENT, item) or {})["expires"])
    assert world.page(link) == unknown
    assert world.page(link, "POST", {"decision": "approve", "nonce": "0" * 64}) == unknown


def test_a_link_of_another_incident_decides_nothing_here(world: World, link: str) -> None:
    owner = world.incidents.get(approval.link_item(link), "link") or {}
    others = {name: owner[name] for name in ("round", "level", "approver")} | {"of": "another-incident"}
    world.incidents.create(approval.link_item("other"), "link", others)
    assert world.page("other")["statusCode"] == 404
    assert undecided(world)


def test_a_link_used_twice_decides_once(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    for _ in range(3):
        assert world.page(link, "POST", form)["statusCode"] == 303
    assert (world.said(), world.answers) == ([(AMEL, "approved", "link")], [APPROVED])
    assert len([line for line in world.timeline if line.startswith("Approved")]) == 1


def test_the_first_decision_counts(world: World, link: str) -> None:
    other = world.mails[1].link
    rejection = forms(world.page(other))[1] | {"reason": "wait"}
    approve(world, link)
    assert world.page(other, "POST", rejection)["statusCode"] == 303
    assert world.said() == [(AMEL, "approved", "link")]
    assert world.answers == [APPROVED]


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_two_approvers_at_the_same_instant_decide_once(
    world: World, link: str, overtaken: Overtaken, decision: str
) -> None:
    form, other = forms(world.page(link))[0], world.mails[1].link
    theirs = forms(world.page(other))[0] | {"decision": decision, "reason": "wait"}
    overtaken(lambda: world.page(other, "POST", theirs))
    assert world.page(link, "POST", form)["statusCode"] == 303
    outcome = {"approve": "approved", "reject": "rejected"}[decision]
    assert (world.approval().state, world.said()) == (outcome, [(KARIM, outcome, "link")])
    assert [answer for _, answer in world.answers] == [f'{{"decision": "{outcome}"}}']
    assert [line for line in world.timeline if AMEL in line and "pproved" in line] == []


def test_two_approvers_at_the_same_instant_are_two(world: World, rules: Rules, overtaken: Overtaken) -> None:
    rules(policy=TWO)
    first, second = (mail.link for mail in world.ask())
    form, theirs = forms(world.page(first))[0], forms(world.page(second))[0]
    overtaken(lambda: world.page(second, "POST", theirs))
    world.page(first, "POST", form)
    assert world.said() == [(KARIM, "approved", "link"), (AMEL, "approved", "link")]
    assert (world.approval().state, world.answers) == ("approved", [APPROVED])


def test_after_its_time_a_question_takes_no_decision(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    world.change(until=int(time.time()) - 1)
    assert world.page(link, "POST", form)["statusCode"] == 303
    assert undecided(world)
    assert forms(world.page(link)) == []


def test_a_levels_links_stop_deciding_when_the_next_is_asked_and_go_on_showing(world: World) -> None:
    first, second = (mail.link for mail in world.ask())
    form = forms(world.page(first))[0]
    karims, linas = (mail.link for mail in world.escalate())
    for link in (first, second):  # one of them is asked again, through another link
        page = world.page(link)
        assert "L2 is asked now. This link cannot decide any more" in page["body"]
        assert forms(page) == []
        assert world.page(link, "POST", form | {"nonce": form["nonce"]})["statusCode"] in (303, 400)
    assert world.page(first, "POST", form)["statusCode"] == 303
    assert undecided(world)
    assert len(forms(world.page(karims))) == 2
    approve(world, linas)
    assert world.said() == [(LINA, "approved", "link")]
    assert f"Approved by {LINA}, " in world.page(first)["body"]


# Crashes


def crash(*_: Any, **__: Any) -> None:
    """Stand in for what breaks."""
    raise ConnectionError


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_decision_that_was_not_told_is_told_once_by_whoever_comes_next(
    world: World, link: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    form = forms(world.page(link))[0]
    with monkeypatch.context() as crashing:
        crashing.setattr(waiting, "answer", crash)
        with pytest.raises(ConnectionError):
            world.page(link, "POST", form)
    assert (world.question()["state"], world.answers) == ("approved", [])
    for one in world.mails:
        world.page(one.link, method, form)
        world.page(one.link, method, form)
    assert world.answers == [APPROVED]
    assert world.said() == [(AMEL, "approved", "link")]


def test_a_crash_before_the_decision_was_written_decides_nothing(
    world: World, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = forms(world.page(link))[0]
    with monkeypatch.context() as crashing:
        crashing.setattr(approval, "change", crash)
        with pytest.raises(ConnectionError):
            world.page(link, "POST", form)
    assert undecided(world)
    world.page(link, "POST", form)
    assert world.answers == [APPROVED]


# What others wrote, and what goes out


def test_what_others_wrote_is_text_and_no_html(world: World) -> None:
    hostile = "</p><script>alert(1)</script><a href='https://evil.example'>\"&"
    world.open({"trigger": {**TRIGGER, "reason": f"alarm {hostile}", "name": hostile}})
    found = findings(*CLOSED_PORT, evidence={"logs": [f"log {hostile}"]})
    found["logs"]["summary"] = f"summary {hostile}"
    found["targets"]["summary"] = f"fact {hostile}"
    world.conclude(found)
    world.call(FIRST)
    link = world.mails[0].link
    reject(world, link, f"reason {hostile}")
    body = world.page(link)["body"]
    escaped = "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;a href=&#39;https://evil.example&#39;&gt;&#34;&amp;"
    for where in ("alarm", "log", "summary", "fact", "reason"):
        assert f"{where} {escaped}" in body
    assert "<script" not in body
    assert "evil.example'" not in body


def test_headers_of_a_request_are_on_no_page(world: World, link: str) -> None:
    hostile = "<script>alert(1)</script>"
    headers: dict[str, Any] = {"user_agent": hostile, "referer": hostile, "host": hostile, "x_forwarded_for": hostile}
    for one in (link, "unknown"):
        for query in ({"still": hostile}, {hostile: hostile}):
            assert "alert(1)" not in str(world.page(one, query=query, **headers))


@pytest.mark.parametrize("evil", ["\r\nset-cookie: a=b", "\nx-evil: 1", "\r\n\r\n<script>"])
def test_nothing_that_was_sent_breaks_out_of_a_header(world: World, link: str, evil: str) -> None:
    answers = [
        world.page(f"{link}{evil}"),
        world.page(f"{link}{evil}", "POST", {"decision": "approve", "nonce": "0"}),
        reject(world, link, f"no{evil}"),
        world.page(link, query={"still": evil}),
    ]
    for answer in answers:
        for name, value in answer["headers"].items():
            assert not re.search(r"[\r\n]|evil|set-cookie", f"{name}{value}")


def test_neither_the_token_nor_the_links_hash_is_on_any_page(world: World) -> None:
    token = "AQCEAAAAKgAAAAMAAAAA"
    link = world.ask(token=token)[0].link
    pages = [world.page(link), approve(world, link), world.page(link), world.page("unknown")]
    for page in pages:
        assert token not in str(page)
        assert world.question()["token"] not in str(page)
        assert "link#" not in str(page)
        assert approval.link_item(link).partition("#")[2] not in str(page)
    assert link not in pages[0]["body"]  # it is in the address only


def test_every_answer_forbids_framing_keeping_telling_on_and_running_scripts(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    answers = {
        "shown": world.page(link),
        "head": world.page(link, "HEAD"),
        "unknown": world.page("unknown"),
        "bad form": world.page(link, "POST", {}),
        "another site": world.page(link, "POST", form, sec_fetch_site="cross-site"),
        "no words": reject(world, link, ""),
        "decided": approve(world, link),
        "live": world.page(link),
        "style": approval_page.handler({"rawPath": "/style.css"}),
    }
    assert [answer["statusCode"] for answer in answers.values()] == [200, 200, 404, 400, 403, 400, 303, 200, 200]
    for what, answer in answers.items():
        headers = answer["headers"]
        assert headers["cache-control"] == ("public, max-age=3600" if what == "style" else "no-store")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert not {"set-cookie", "access-control-allow-origin"} & headers.keys()


def test_the_style_sheet_is_all_that_the_page_loads(world: World, link: str) -> None:
    body = world.page(link)["body"]
    assert re.findall(r'(?:src|href)="([^"]*)"', body) == ["/style.css"]
    assert not re.search(r"<script|\sstyle=|\son\w+=", body)
    style = approval_page.handler({"rawPath": "/style.css"})
    assert style["headers"]["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style["body"]
