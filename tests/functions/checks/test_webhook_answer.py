import json

import pytest

from functions.checks.webhook_answer import handler
from functions.core.results import Finding
from tests.functions.checks.https_site import JsonSite, authority, site, trusted
from tests.functions.conftest import RunCheck

__all__ = ["authority", "site", "trusted"]


def look(run_check: RunCheck, site: type[JsonSite], **answer: object) -> Finding:
    site.answer = json.dumps(answer, ensure_ascii=False).encode()
    return run_check(handler, url=f"{site.url}/telegram/webhook", text="Hello", prefix="🤖")  # type: ignore[attr-defined]


def test_the_ai_answers(run_check: RunCheck, site: type[JsonSite]) -> None:
    finding = look(run_check, site, method="sendMessage", chat_id=0, text="🤖 Hello yourself")
    assert finding.signals == {"echo": False, "no-answer": False}
    assert finding.facts == {"text": "🤖 Hello yourself"}


def test_it_asks_as_nobody_of_telegram(run_check: RunCheck, site: type[JsonSite]) -> None:
    look(run_check, site, text="🤖")
    (asked,) = map(json.loads, site.asked)
    message = asked["message"]
    assert message["text"] == "Hello"
    assert message["chat"]["id"] == message["from"]["id"] == 0
    assert message["from"]["first_name"] == "runbook-check"
    assert asked["update_id"] > 0


@pytest.mark.parametrize("text", ["✅ Reçu: Hello", "Hello 🤖", ""])
def test_an_echo(run_check: RunCheck, site: type[JsonSite], text: str) -> None:
    finding = look(run_check, site, text=text)
    assert finding.signals == {"echo": True, "no-answer": False}
    assert finding.facts == {"text": text}


def test_a_long_answer_is_read_whole_and_told_in_part(run_check: RunCheck, site: type[JsonSite]) -> None:
    finding = look(run_check, site, text="🤖" + "x" * 4000)
    assert finding.signals == {"echo": False, "no-answer": False}
    assert len(finding.facts["text"]) < 400


def test_taken_without_a_text_is_unknown(run_check: RunCheck, site: type[JsonSite]) -> None:
    assert look(run_check, site, ok=True).signals == {"echo": None, "no-answer": False}


@pytest.mark.parametrize("status", [403, 404, 502])
def test_not_taken(run_check: RunCheck, site: type[JsonSite], status: int) -> None:
    site.status = status
    finding = look(run_check, site, text="🤖")
    assert finding.signals == {"echo": None, "no-answer": True}
    assert finding.summary.endswith(f"answers with no text: status {status}")


def test_nothing_listens(run_check: RunCheck) -> None:
    finding = run_check(handler, url="https://localhost:1/telegram/webhook", text="Hello", prefix="🤖")
    assert finding.signals == {"echo": None, "no-answer": True}
