import json

import pytest
from moto.ecs.models import Service
from pydantic import ValidationError

from functions.checks.deployed_version import handler
from functions.core.aws import Session
from functions.core.fetch import JSON_BYTES, TooLong
from functions.core.results import Finding
from tests.functions.checks.https_site import JsonSite, authority, site, trusted
from tests.functions.conftest import OF_SERVICE, REGISTRY, RunCheck, deploy, push

__all__ = ["authority", "site", "trusted"]
OF_IMAGE = {**OF_SERVICE, "container": "ganopa-bot", "repository": "ganopa-bot"}
COMMIT = "5d41402abc4b2a76b9719d911017c592ae6f3c01"
OTHER = "7c211433f02071597741e6ff5a8ea34789abbf43"


def look(run_check: RunCheck, site: type[JsonSite], expected: str = "") -> Finding:
    return run_check(handler, **OF_IMAGE, url=f"{site.url}/_meta", expected=expected)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def meta(site: type[JsonSite]) -> None:
    """The site tells its version."""
    site.answer = json.dumps({"service": "bot", "version": COMMIT, "build_id": COMMIT[:7]}).encode()


@pytest.mark.parametrize("expected", [COMMIT, COMMIT[:7]])
def test_the_expected_version(run_check: RunCheck, site: type[JsonSite], expected: str) -> None:
    finding = look(run_check, site, expected)
    assert finding.signals == {"unreachable": False, "other-version": False}
    assert finding.facts == {"version": COMMIT, "build_id": COMMIT[:7], "expected": expected}


@pytest.mark.parametrize("expected", [OTHER, "v2", "5d4140", COMMIT[:7] + "0"])
def test_another_version(run_check: RunCheck, site: type[JsonSite], expected: str) -> None:
    assert look(run_check, site, expected).signals == {"unreachable": False, "other-version": True}


@pytest.fixture
def repository(service: Service, operator: Session) -> None:  # noqa: ARG001 (puts the service in place)
    """A repository without images."""
    operator.client("ecr").create_repository(repositoryName="ganopa-bot")


def test_a_build_that_is_no_text_is_unknown(run_check: RunCheck, site: type[JsonSite]) -> None:
    site.answer = json.dumps({"version": COMMIT, "build_id": {f"{n}": "x" * 9 for n in range(2000)}}).encode()
    assert look(run_check, site, COMMIT).facts["build_id"] is None


def test_an_answer_that_is_not_read_to_its_end_is_unknown(run_check: RunCheck, site: type[JsonSite]) -> None:
    most = JSON_BYTES - len(site.answer)
    site.answer += b" " * most
    assert look(run_check, site, COMMIT).signals["unreachable"] is False
    site.answer += b" "
    with pytest.raises(TooLong, match="/_meta answers with more than 65536 bytes"):
        look(run_check, site, COMMIT)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("commit", [COMMIT, OTHER])
def test_what_the_services_image_was_built_from_is_expected(
    run_check: RunCheck, site: type[JsonSite], operator: Session, commit: str
) -> None:
    push(operator, "latest", commit)
    for tag in ("latest", commit):
        deploy(operator, f"{REGISTRY}/ganopa-bot:{tag}")
        finding = look(run_check, site)
        assert finding.signals == {"unreachable": False, "other-version": commit == OTHER}
        assert finding.facts["expected"] == commit


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("image", [f"{REGISTRY}/ganopa-bot:v1", f"{REGISTRY}/ganopa-bot:gone", f"nginx:{COMMIT}"])
def test_unknown_what_is_expected(run_check: RunCheck, site: type[JsonSite], operator: Session, image: str) -> None:
    push(operator, "v1")
    deploy(operator, image)
    finding = look(run_check, site)
    assert finding.signals == {"unreachable": False, "other-version": None}
    assert finding.summary.endswith(f"tells version {COMMIT}; expected: unknown")


@pytest.mark.usefixtures("repository")
def test_the_commit_that_the_revision_names_is_expected_though_its_image_is_gone(
    run_check: RunCheck, site: type[JsonSite], operator: Session
) -> None:
    deploy(operator, f"{REGISTRY}/ganopa-bot:{COMMIT}")
    assert look(run_check, site).signals["other-version"] is False


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
    finding = run_check(handler, **OF_IMAGE, url="https://localhost:1/_meta", expected=COMMIT)
    assert finding.signals["unreachable"]
    assert finding.summary.endswith("refused")


@pytest.mark.parametrize("given", [{"url": "http://host/"}, {"expected": "a b"}, {"expected": "$(id)"}])
def test_what_is_no_address_or_version(run_check: RunCheck, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="|".join(given)):
        run_check(handler, **OF_IMAGE, **{"url": "https://host/", "expected": ""} | given)
