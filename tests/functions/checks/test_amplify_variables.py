import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.checks.amplify_variables import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.amplify import APP, Amplify, serving
from tests.functions.conftest import RunCheck

PLANTED = "p1anted-s3cret"
ELSEWHERE = "us-east-1"
FINE = {"aws-keys": False, "secret-names": False, "no-app": False}
HARMLESS = {"NODE_ENV": "production", "NEXTAUTH_URL": "https://huntaze.example", "REDIS_HOST": "redis"}


@pytest.fixture
def amplify(aws: Session) -> Iterator[Amplify]:
    """An app in another region, with two branches."""
    amplify = Amplify(app=dict(HARMLESS), branches={"main": dict(HARMLESS), "staging": {}})
    with serving(amplify, aws, ELSEWHERE):
        yield amplify


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": ELSEWHERE, "app": APP} | other)


@pytest.mark.usefixtures("amplify")
def test_healthy(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"app": "huntaze", "branches": 2, "variables": 6, "aws_keys": [], "secrets": []}
    assert finding.evidence == []
    assert finding.summary == (
        "huntaze, branches: 2; environment variables: 6; keys of AWS: 0; others named as secrets are: 0"
    )


def test_keys_of_aws(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.branches["main"] |= {"AWS_SECRET_ACCESS_KEY": PLANTED, "AWS_ACCESS_KEY_ID": PLANTED}
    finding = look(run_check)
    assert finding.signals == FINE | {"aws-keys": True}
    assert finding.facts["aws_keys"] == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    assert finding.facts["secrets"] == []
    assert finding.evidence == ["main has AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"]


def test_names_of_secrets(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.app |= {"DATABASE_URL": PLANTED}
    amplify.branches["staging"] |= {"STRIPE_API_KEY": PLANTED, "DATABASE_URL": PLANTED}
    finding = look(run_check)
    assert finding.signals == FINE | {"secret-names": True}
    assert finding.facts["secrets"] == ["DATABASE_URL", "STRIPE_API_KEY"]
    assert finding.evidence == ["huntaze has DATABASE_URL", "staging has DATABASE_URL, STRIPE_API_KEY"]
    assert "keys of AWS: 0; others named as secrets are: 2" in finding.summary


def test_what_every_new_branch_will_have(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.future = {"GITHUB_TOKEN": PLANTED}
    finding = look(run_check)
    assert finding.signals == FINE | {"secret-names": True}
    assert finding.evidence == ["every new branch has GITHUB_TOKEN"]


def test_no_value_is_read(run_check: RunCheck, amplify: Amplify) -> None:
    secrets = {"NODE_ENV": PLANTED, "AWS_SECRET_ACCESS_KEY": PLANTED, "JWT_SECRET": PLANTED}
    amplify.app, amplify.future, amplify.branches["main"] = secrets, secrets, secrets
    finding = look(run_check)
    assert PLANTED not in finding.model_dump_json()
    assert len(amplify.answers) == 2
    assert PLANTED not in json.dumps(amplify.answers)


def test_a_branch_that_is_called_as_a_secret_keeps_its_names(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.branches["feature/secret"] = {"JWT_SECRET": PLANTED}
    assert look(run_check).evidence == ["feature/secret has JWT_SECRET"]


def test_no_app(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.app["JWT_SECRET"] = PLANTED
    finding = look(run_check, app="d00000000")
    assert finding.signals == FINE | {"no-app": True}
    assert finding.summary == "there is no Amplify app d00000000 in us-east-1"


def test_every_page_is_read(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.branches |= {f"branch-{n}": dict(HARMLESS) for n in range(120)} | {"last": {"JWT_SECRET": PLANTED}}
    finding = look(run_check)
    assert finding.facts["branches"] == 123
    assert finding.signals == FINE | {"secret-names": True}


def test_of_branches_that_were_not_all_read_only_what_was_seen_is_known(
    run_check: RunCheck, amplify: Amplify, monkeypatch: pytest.MonkeyPatch
) -> None:
    amplify.page = 1
    amplify.app["AWS_ACCESS_KEY_ID"] = PLANTED
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check)
    assert finding.signals == FINE | {"aws-keys": True, "secret-names": None}
    assert finding.summary.endswith("; there is more than could be read")


def test_many_names_take_no_more_room(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.branches = {f"branch-{b}": {f"SECRET_{n}": PLANTED for n in range(90)} for b in range(50)}
    finding = look(run_check)
    assert finding.facts["variables"] == 4503
    assert len(finding.evidence) == len(finding.facts["secrets"]) == 11
    assert finding.evidence[0].endswith(", SECRET_15, … 82 more")
    assert len(finding.model_dump_json()) < 2500


@pytest.mark.parametrize("action", ["GetApp", "ListBranches"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, amplify: Amplify, action: str) -> None:
    amplify.denied.add(action)
    with pytest.raises(ClientError, match=f"amplify:{action}"):
        look(run_check)


@pytest.mark.parametrize("wrong", [{"app": "huntaze"}, {"app": "d*"}, {"region": "us"}])
def test_an_app_is_named_by_its_id(run_check: RunCheck, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        look(run_check, **wrong)
