from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import AccessDeniedError
from moto.iam.models import IAMBackend

from functions.checks.iam_roles import handler
from functions.core import iam, reading
from functions.core.aws import Session
from tests.functions.conftest import RunCheck

Make = Callable[..., None]


@pytest.fixture
def make(operator: Session) -> Make:
    """Make roles."""

    def roles(*names: str) -> None:
        for name in names:
            iam.client(operator).create_role(RoleName=name, AssumeRolePolicyDocument="{}")

    return roles


def test_roles_of_the_service(run_check: RunCheck, make: Make) -> None:
    make("huntaze-task", "ai-router-huntaze", "other")
    finding = run_check(handler, named="huntaze")
    assert finding.signals == {"none": False}
    assert finding.facts == {"count": 2, "names": ["ai-router-huntaze", "huntaze-task"]}
    assert finding.summary == "IAM roles with the word in their names: 2"


def test_none(run_check: RunCheck, make: Make) -> None:
    make("other")
    finding = run_check(handler, named="huntaze")
    assert finding.signals == {"none": True}
    assert finding.facts == {"count": 0, "names": []}


def test_all_without_a_word(run_check: RunCheck, make: Make) -> None:
    make("huntaze-task", "other")
    assert run_check(handler).facts["count"] == 2


def test_every_page_is_read(run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam, "PAGE", 2)
    make(*(f"huntaze-{number}" for number in range(5)))
    assert run_check(handler, named="huntaze").facts["count"] == 5


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iam, "PAGE", 2)
    monkeypatch.setattr(reading, "SECONDS", 0)
    make(*(f"huntaze-{number}" for number in range(3)))
    finding = run_check(handler, named="huntaze")
    assert finding.signals == {"none": False}
    assert finding.summary == "IAM roles with the word in their names: 2; there is more than could be read"
    assert run_check(handler, named="other").signals == {"none": None}


def test_three_hundred_roles_take_no_more_room(run_check: RunCheck, make: Make) -> None:
    make(*(f"huntaze-{number:03}" for number in range(300)))
    finding = run_check(handler, named="huntaze")
    assert finding.facts["count"] == 300
    assert finding.facts["names"][-2:] == ["huntaze-009", "… 290 more"]
    assert len(finding.model_dump_json()) < 500


def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise AccessDeniedError("nobody", "iam:ListRoles")

    monkeypatch.setattr(IAMBackend, "list_roles", denied)
    with pytest.raises(ClientError, match="iam:ListRoles"):
        run_check(handler, named="huntaze")
