import base64
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from moto.stepfunctions.exceptions import AWSError
from moto.stepfunctions.models import StepFunctionBackend

from functions.workflow import approval_page, request_approval
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, OF, TRIGGER, World, findings

AMEL, KARIM = "amel@maisonganopa.com", "karim@maisonganopa.com"
APPROVED = ("token-1", '{"decision": "approved"}')


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


def forms(response: approval_page.Response) -> list[dict[str, str]]:
    """List the forms of a page, each as what the Enter key would send."""
    parser = Forms()
    parser.feed(response["body"])
    return parser.forms


def approve(world: World, link: str, **changed: Any) -> approval_page.Response:
    """Press the approving button, or send something like it."""
    nonce = forms(world.page(link))[0]["nonce"]
    return world.page(link, "POST", {"nonce": nonce, "decision": "approve", **changed})


@pytest.fixture
def link(world: World) -> str:
    """The first approver's link to an open question."""
    return world.ask()[0].link


def close(world: World, state: str) -> None:
    """End the question without a decision."""
    world.incidents.update(INCIDENT, "approval#1", {"state": state})


class TaskTimedOut(AWSError):
    """Step Functions' answer to a token that nothing waits for."""

    TYPE = "TaskTimedOut"
    STATUS = 400


def test_the_page_shows_what_the_mail_says_and_a_form_for_each_decision(world: World, link: str) -> None:
    page = world.page(link)
    assert page["statusCode"] == 200
    (step,) = world.plan.steps
    for text in (
        "Telegram bot of api.maisonganopa.com",
        "The tasks&#39; security group does not let the load balancer in",
        TRIGGER["reason"],
        step.effect,
        step.before,
        step.after,
        step.undo,
        AMEL,
        INCIDENT,
        world.plan.digest[:12],
        "firewall was looked at",
    ):
        assert str(text) in page["body"]
    assert [form["decision"] for form in forms(page)] == ["approve", "reject"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_only_a_post_changes_anything(world: World, link: str, method: str) -> None:
    before = world.items
    nonce = forms(world.page(link))[0]["nonce"]
    assert world.page(link, method, {"nonce": nonce, "decision": "approve"})["statusCode"] == 200
    assert world.items == before
    assert world.answers == []


def test_a_post_with_the_nonce_approves(world: World, link: str) -> None:
    answer = approve(world, link)
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, f"/incidents/{link}")
    assert world.answers == [APPROVED]
    question = world.question()
    decided = {name: question[name] for name in ("state", "decided_by", "channel", "address", "told")}
    assert decided == {
        "state": "approved",
        "decided_by": AMEL,
        "channel": "link",
        "address": "192.0.2.7",
        "told": True,
    }
    assert world.timeline[-1] == f"Approved through the link of {AMEL}"


def test_a_rejection_says_why(world: World, link: str) -> None:
    approve(world, link, decision="reject", reason="  not during\nthe launch ")
    assert world.answers == [("token-1", '{"decision": "rejected"}')]
    assert world.question()["reason"] == "not during the launch"
    assert world.timeline[-1] == f"Rejected through the link of {AMEL} not during the launch"


@pytest.mark.parametrize("reason", [{}, {"reason": " \n "}])
def test_a_rejection_without_a_reason_decides_nothing(world: World, link: str, reason: dict[str, str]) -> None:
    answer = approve(world, link, decision="reject", **reason)
    assert answer["statusCode"] == 400
    assert "Say in a few words why you reject" in answer["body"]
    assert (world.question()["state"], world.answers) == ("pending", [])


def test_a_very_long_reason_is_cut(world: World, link: str) -> None:
    approve(world, link, decision="reject", reason="x" * 5_000)
    assert len(world.question()["reason"]) == 500


@pytest.mark.parametrize("nonce", ["", "0" * 64, "é"])
def test_a_wrong_nonce_decides_nothing(world: World, link: str, nonce: str) -> None:
    assert approve(world, link, nonce=nonce)["statusCode"] == 400
    assert (world.question()["state"], world.answers) == ("pending", [])


def test_another_links_nonce_decides_nothing(world: World, link: str) -> None:
    other = forms(world.page(world.mails[1].link))[0]["nonce"]
    assert approve(world, link, nonce=other)["statusCode"] == 400
    assert world.question()["state"] == "pending"


@pytest.mark.parametrize("form", [None, {}, {"decision": "approve"}, {"decision": "postpone"}])
def test_another_form_decides_nothing(world: World, link: str, form: dict[str, str] | None) -> None:
    assert world.page(link, "POST", form)["statusCode"] == 400
    assert (world.question()["state"], world.answers) == ("pending", [])


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_sent_by_another_site_decides_nothing(world: World, link: str, site: str) -> None:
    form = forms(world.page(link))[0]
    assert world.page(link, "POST", form, sec_fetch_site=site)["statusCode"] == 403
    assert world.question()["state"] == "pending"
    assert world.page(link, "POST", form, sec_fetch_site="same-origin")["statusCode"] == 303
    assert world.question()["state"] == "approved"


def test_an_oversized_body_decides_nothing(world: World, link: str) -> None:
    assert approve(world, link, reason="x" * 8_192)["statusCode"] == 400
    assert world.question()["state"] == "pending"


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


def test_the_first_decision_counts(world: World, link: str) -> None:
    other = world.mails[1].link
    rejection = forms(world.page(other))[1] | {"reason": "wait"}
    approve(world, link)
    assert world.page(other, "POST", rejection)["statusCode"] == 303
    assert (world.question()["state"], world.question()["decided_by"]) == ("approved", AMEL)
    assert world.answers == [APPROVED]


def test_two_decisions_at_once_become_one(world: World, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    form = forms(world.page(link))[0]
    rejection = forms(world.page(world.mails[1].link))[1] | {"reason": "wait"}
    other, write = world.mails[1].link, approval_page._write  # noqa: SLF001 (the moment between reading and writing)

    def overtaken(*args: Any) -> None:
        monkeypatch.setattr(approval_page, "_write", write)
        world.page(other, "POST", rejection)
        write(*args)

    monkeypatch.setattr(approval_page, "_write", overtaken)
    world.page(link, "POST", form)
    assert (world.question()["state"], world.question()["decided_by"]) == ("rejected", KARIM)
    assert world.answers == [("token-1", '{"decision": "rejected"}')]


def test_a_used_link_says_so_and_offers_nothing(world: World, link: str) -> None:
    approve(world, link)
    page = world.page(world.mails[1].link)
    assert f"Approved by {AMEL}, " in page["body"]
    assert forms(page) == []


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("expired", "Nobody decided in time."), ("withdrawn", "The question was withdrawn.")],
)
def test_a_question_that_ended_says_so_and_takes_no_decision(
    world: World, link: str, state: str, sentence: str
) -> None:
    form = forms(world.page(link))[0]
    close(world, state)
    page = world.page(link)
    assert sentence in page["body"]
    assert forms(page) == []
    assert world.page(link, "POST", form)["statusCode"] == 303
    assert (world.question()["state"], world.answers) == (state, [])


def test_after_its_time_a_question_takes_no_decision(world: World, link: str) -> None:
    form = forms(world.page(link))[0]
    world.incidents.update(INCIDENT, "approval#1", {"until": int(time.time()) - 1})
    assert world.page(link, "POST", form)["statusCode"] == 303
    assert (world.question()["state"], world.answers) == ("pending", [])
    assert "Nobody decided in time." in world.page(link)["body"]


def test_an_unknown_and_a_cut_link_get_the_same_answer(world: World, link: str) -> None:
    unknown = world.page("A" * 43)
    assert unknown["statusCode"] == 404
    assert world.page(link[:-1]) == world.page("") == world.page(link, "GET") | unknown
    assert world.page("A" * 43, "POST", {"decision": "approve"}) == unknown


def test_a_decision_that_was_not_told_is_told_by_the_next_post(
    world: World, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise ConnectionError

    form = forms(world.page(link))[0]
    with monkeypatch.context() as crashing:
        crashing.setattr(approval_page, "_tell", crash)
        with pytest.raises(ConnectionError):
            world.page(link, "POST", form)
    assert (world.question()["state"], world.answers) == ("approved", [])
    world.page(link, "POST", form)
    world.page(link, "POST", form)
    assert world.answers == [APPROVED]


def test_a_decision_that_comes_too_late_is_noted(world: World, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody_waits(*_: Any, **__: Any) -> None:
        raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")

    monkeypatch.setattr(StepFunctionBackend, "send_task_success", nobody_waits)
    assert approve(world, link)["statusCode"] == 303
    assert world.timeline[-1] == "The incident was not waiting for a decision any more when this one arrived"
    assert world.question()["told"] is True


def test_what_others_wrote_is_text_and_no_html(world: World) -> None:
    hostile = "</p><script>alert(1)</script><a href='https://evil.example'>\"&"
    world.open({"trigger": {**TRIGGER, "reason": hostile}})
    found = findings(*CLOSED_PORT, evidence={"logs": [f"log {hostile}"]})
    found["logs"]["summary"] = f"summary {hostile}"
    found["targets"]["summary"] = f"fact {hostile}"
    world.conclude(found)
    request_approval.handler({**OF, "round": 1, "token": "token-1"})
    link = world.mails[0].link
    approve(world, link, decision="reject", reason=f"reason {hostile}")
    body = world.page(link)["body"]
    escaped = "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;a href=&#39;https://evil.example&#39;&gt;&#34;&amp;"
    for where in ("log", "summary", "fact", "reason"):
        assert f"{where} {escaped}" in body
    assert "<script" not in body
    assert "evil.example'" not in body


def test_neither_the_token_nor_the_links_hash_is_on_any_page(world: World) -> None:
    link = world.ask(token="AQCEAAAAKgAAAAMAAAAA")[0].link
    pages = [world.page(link), approve(world, link), world.page(link), world.page("unknown")]
    for page in pages:
        assert "AQCEAAAAKgAAAAMAAAAA" not in str(page)
        assert "link#" not in str(page)
    assert link not in pages[0]["body"]  # it is in the address only


def test_no_page_may_be_framed_cached_or_run_scripts(world: World, link: str) -> None:
    for page in (world.page(link), world.page("unknown"), world.page(link, "POST", {}), approve(world, link)):
        headers = page["headers"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "style-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }


def test_the_style_sheet_is_all_that_the_page_loads(world: World, link: str) -> None:
    body = world.page(link)["body"]
    assert re.findall(r'(?:src|href)="([^"]*)"', body) == ["/style.css"]
    assert not re.search(r"<script|\sstyle=|\son\w+=", body)
    style = approval_page.handler({"rawPath": "/style.css"})
    assert style["headers"]["content-type"] == "text/css; charset=utf-8"
    assert "url(" not in style["body"]


def test_the_enter_key_in_the_reasons_field_does_not_approve(world: World, link: str) -> None:
    body = world.page(link)["body"]
    (form,) = [form for form in body.split("<form")[1:] if 'name="reason"' in form.split("</form>")[0]]
    assert 'value="approve"' not in form.split("</form>")[0]
