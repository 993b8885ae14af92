import pytest
from botocore.exceptions import ClientError

from functions.checks.user_mfa import handler
from functions.core import reading
from functions.core.aws import Session
from tests.functions.conftest import RunCheck
from tests.functions.iam_users import Users

FINE = {"users-without-mfa": False, "root-without-mfa": False}


@pytest.fixture
def users(operator: Session, monkeypatch: pytest.MonkeyPatch) -> Users:
    """Only the root user, who has an MFA device."""
    users = Users(operator, monkeypatch)
    users.root(AccountMFAEnabled=1, AccountPasswordPresent=1)
    return users


def test_healthy(run_check: RunCheck, users: Users) -> None:
    users.add("alice", password=True, mfa=True)
    users.add("deploy", keys=(3,))
    finding = run_check(handler)
    assert finding.signals == FINE
    assert finding.facts == {"users": 2, "of_console": 1, "without_mfa": 0}
    assert finding.evidence == []
    assert finding.summary == (
        "users: 2; those of the console: 1; of these without MFA: 0; the root user has an MFA device, or no password"
    )


def test_a_user_of_the_console_without_mfa(run_check: RunCheck, users: Users) -> None:
    users.add("alice", password=True, mfa=True)
    users.add("bob", password=True)
    finding = run_check(handler)
    assert finding.signals == FINE | {"users-without-mfa": True}
    assert finding.facts == {"users": 2, "of_console": 2, "without_mfa": 1}
    assert finding.evidence == ["bob has no MFA device"]


@pytest.mark.parametrize("password", [1, None])
def test_the_root_user_without_mfa(run_check: RunCheck, users: Users, password: int | None) -> None:
    users.root(AccountMFAEnabled=0, AccountPasswordPresent=password)
    finding = run_check(handler)
    assert finding.signals == FINE | {"root-without-mfa": True}
    assert finding.evidence == ["the root user has a password and no MFA device"]
    assert finding.summary.endswith("; the root user has a password and no MFA device")


def test_a_root_user_without_a_password_needs_no_mfa(run_check: RunCheck, users: Users) -> None:
    users.root(AccountMFAEnabled=0, AccountPasswordPresent=0)
    assert run_check(handler).signals == FINE


def test_what_iam_does_not_say_of_the_root_user_is_unknown(run_check: RunCheck, users: Users) -> None:
    users.root(AccountMFAEnabled=None)
    finding = run_check(handler)
    assert finding.signals == FINE | {"root-without-mfa": None}
    assert finding.evidence == []
    assert finding.summary.endswith("; unknown whether the root user has an MFA device")


@pytest.mark.usefixtures("users")
def test_nobody_is_there(run_check: RunCheck) -> None:
    finding = run_check(handler)
    assert finding.signals == FINE
    assert finding.facts == {"users": 0, "of_console": 0, "without_mfa": 0}


def test_every_page_is_read(run_check: RunCheck, users: Users) -> None:
    users.paged(2)
    for n in range(5):
        users.add(f"user-{n}", password=n == 4)
    finding = run_check(handler)
    assert finding.facts["users"] == 5
    assert finding.signals == FINE | {"users-without-mfa": True}


def test_of_users_that_were_not_all_listed_only_what_was_seen_is_known(
    run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.paged(1)
    monkeypatch.setattr("functions.core.listed.over", lambda _: 0)
    users.add("alice", password=True, mfa=True)
    users.add("bob", password=True)
    finding = run_check(handler)
    assert finding.signals == FINE | {"users-without-mfa": None}
    assert finding.summary.endswith("; there is more than could be read")
    users.backend.deactivate_mfa_device("alice", *users.backend.users["alice"].mfa_devices)
    assert run_check(handler).signals == FINE | {"users-without-mfa": True}


def test_users_that_there_was_no_time_to_ask_about_are_unknown(
    run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("alice", password=True, mfa=True)
    users.add("bob", password=True, mfa=True)
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = run_check(handler)
    assert finding.signals == FINE | {"users-without-mfa": None}
    assert finding.facts == {"users": 2, "of_console": 1, "without_mfa": 0}


def test_many_users_take_no_more_room(run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 60)  # however busy this machine is
    users.paged(100)
    for n in range(500):
        users.add(f"user-{n}", password=True, mfa=n % 2 == 0)
    finding = run_check(handler)
    assert finding.facts == {"users": 500, "of_console": 500, "without_mfa": 250}
    assert len(finding.evidence) == 11
    assert len(finding.model_dump_json()) < 800


@pytest.mark.parametrize("action", ["get_account_summary", "list_users", "get_login_profile", "list_mfa_devices"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, users: Users, action: str) -> None:
    users.add("alice", password=True, mfa=True)
    users.refuse(action)
    with pytest.raises(ClientError, match=f"AccessDenied.* {action}"):
        run_check(handler)
