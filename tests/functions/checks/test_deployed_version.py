import json

import pytest
from pydantic import ValidationError

from functions.checks.deployed_version import handler
from functions.core.results import Finding
from tests.functions.checks.https_site import JsonSite, authority, site, trusted
from tests.functions.conftest import RunCheck

__all__ = ["authority", "site", "trusted"]
COMMIT = "5d41402abc4b2a76b9719d911017c592ae6f3c01"


def look(run_check: RunCheck, site: type[JsonSite], expected: str = "") -> Finding:
    return run_check(handler, url=f"{site.url}/_meta", expected=expected)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def meta(site: type[JsonSite]) -> None:
    """The site tells its version."""
    site.answer = json.dumps({"service": "bot", "version": COMMIT, "build_id": COMMIT[:7]}).encode()


@pytest.mark.parametrize("expected", [COMMIT, COMMIT[:7]])
def test_the_expected_version(run_check: RunCheck, site: type[JsonSite], expected: str) -> None:
    finding = look(run_check, site, expected)
    assert finding.signals == {"unreachable": False, "other-version": False}
    assert finding.facts == {"version": COMMIT, "build_id": COMMIT[:7], "expected": expected}


@pytest.mark.parametrize("expected", ["7c211433f02071597741e6ff5a8ea34789abbf43", "v2", "5d4140", COMMIT[:7] + "0"])
def test_another_version(run_check: RunCheck, site: type[JsonSite], expected: str) -> None:
    assert look(run_check, site, expected).signals == {"unreachable": False, "other-version": True}


def test_unknown_what_is_expected(run_check: RunCheck, site: type[JsonSite]) -> None:
    finding = look(run_check, site)
    assert finding.signals == {"unreachable": False, "other-version": None}
    assert finding.summary.endswith(f"tells version {COMMIT}; expected: unknown")


@pytest.mark.parametrize(
    ("status", "answer"), [(503, None), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b'{"version": 1}')]
)
def test_no_version(run_check: RunCheck, site: type[JsonSite], status: int, answer: bytes | None) -> None:
    site.status, site.answer = status, answer or site.answer
    finding = look(run_check, site, COMMIT)
    assert finding.signals == {"unreachable": True, "other-version": None}
    assert finding.summary.endswith(f"tells no version: status {status}")
    assert finding.facts["version"] is None


def test_no_answer(run_check: RunCheck) -> None:
    finding = run_check(handler, url="https://localhost:1/_meta", expected="")
    assert finding.signals["unreachable"]
    assert finding.summary.endswith("refused")


@pytest.mark.parametrize("given", [{"url": "http://host/"}, {"expected": "a b"}, {"expected": "$(id)"}])
def test_what_is_no_address_or_version(run_check: RunCheck, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="|".join(given)):
        run_check(handler, **{"url": "https://host/", "expected": ""} | given)
