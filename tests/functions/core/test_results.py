from typing import Any

import pytest
from pydantic import ValidationError

from functions.core.results import Change, Finding, Parameters

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


class Given(Parameters):
    """Parameters of no function."""

    port: int


@pytest.mark.parametrize(
    ("given", "complaint"),
    [({"port": 1, "prot": 2}, "prot"), ({}, "port"), ({"port": "many"}, "port")],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Given.model_validate(given)


def test_parameters_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Given(port=1).port = 2  # type: ignore[misc]


@pytest.mark.parametrize("field", ["summary", "facts", "evidence"])
def test_secrets_are_struck_out_everywhere(field: str) -> None:
    values: dict[str, Any] = {"summary": TOKEN, "facts": {"error": {"lines": [TOKEN]}}, "evidence": [TOKEN]}
    finding = Finding.model_validate({"summary": "", field: values[field]})
    assert "[redacted]" in finding.model_dump_json()
    assert TOKEN not in finding.model_dump_json()


@pytest.mark.parametrize("field", ["summary", "facts", "evidence"])
def test_everything_is_bounded(field: str) -> None:
    values: dict[str, Any] = {
        "summary": "x" * 100_000,
        "facts": {"rules": ["x" * 1000] * 1000},
        "evidence": ["x" * 1000] * 1000,
    }
    finding = Finding.model_validate({"summary": "", field: values[field]})
    assert len(finding.model_dump_json()) < 10_000


@pytest.mark.parametrize("field", ["summary", "facts", "evidence"])
@pytest.mark.parametrize("sign", ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\u2028", "\u202e", "\u200b", "\ud800"])
def test_what_a_mail_program_or_terminal_would_act_on_is_blanked(field: str, sign: str) -> None:
    text = f"Approved{sign}by nobody"
    values: dict[str, Any] = {"summary": text, "facts": {"error": {"lines": [text]}}, "evidence": [text]}
    finding = Finding.model_validate({"summary": "", field: values[field]})
    assert "Approved by nobody" in finding.model_dump_json()


def test_what_people_write_in_other_languages_stays() -> None:
    assert Finding(summary="été 中文 ✓ “non”").summary == "été 中文 ✓ “non”"


def test_what_was_left_out_is_said() -> None:
    evidence = Finding(summary="", evidence=[f"line {n}" for n in range(30)]).evidence
    assert evidence[0] == "line 0"
    assert evidence[-1] == f"… {30 - (len(evidence) - 1)} more"


def test_what_was_left_out_is_said_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    assert Finding(summary="", evidence=["line"] * 30).evidence[-1] == "… et 20 autres"


def test_a_finding_read_again_is_the_same() -> None:
    finding = Finding(summary="x" * 1000, facts={"a": ["y" * 1000] * 100, "n": 1}, evidence=["z"] * 100)
    assert Finding.model_validate_json(finding.model_dump_json()) == finding


def test_a_finding_says_nothing_that_it_has_no_word_for() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Finding.model_validate({"summary": "", "colour": "red"})


def test_changed() -> None:
    assert Change(before={"n": 0}, after={"n": 1}).changed
    assert not Change(before={"n": 1}, after={"n": 1}).changed
