import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.checks.access_keys import handler
from functions.core import reading
from functions.core.aws import Session
from tests.functions.conftest import RunCheck
from tests.functions.iam_users import Users

FINE = {"old-keys": False, "root-keys": False}


@pytest.fixture
def users(operator: Session, monkeypatch: pytest.MonkeyPatch) -> Users:
    return Users(operator, monkeypatch)


def test_healthy(run_check: RunCheck, users: Users) -> None:
    users.add("alice", keys=(3, 89))
    users.add("bob")
    finding = run_check(handler, days=90)
    assert finding.signals == FINE
    assert finding.facts == {"users": 2, "active": 2, "old": 0, "oldest_days": 89}
    assert finding.evidence == []
    assert finding.summary == (
        "users: 2; active access keys: 2; of these older than 90 d: 0; the root user has no access key"
    )


def test_an_old_key(run_check: RunCheck, users: Users) -> None:
    users.add("alice", keys=(3,))
    users.add("bob", keys=(91,))
    ids = [users.key("alice", 400.5), *(one.access_key_id for one in users.backend.users["bob"].access_keys)]
    finding = run_check(handler, days=90)
    assert finding.signals == FINE | {"old-keys": True}
    assert finding.facts == {"users": 2, "active": 3, "old": 2, "oldest_days": 400}
    assert finding.evidence == [f"alice, key …{ids[0][-4:]}: 400 d", f"bob, key …{ids[1][-4:]}: 91 d"]
    assert not any(one[:-4] in finding.model_dump_json() for one in ids)
    assert run_check(handler, days=401).signals == FINE


def test_a_key_that_is_not_active_does_not_count(run_check: RunCheck, users: Users) -> None:
    users.add("alice")
    key = users.key("alice", 400)
    users.iam.update_access_key(UserName="alice", AccessKeyId=key, Status="Inactive")
    finding = run_check(handler, days=90)
    assert finding.signals == FINE
    assert finding.facts == {"users": 1, "active": 0, "old": 0, "oldest_days": None}


def test_the_root_user_has_keys(run_check: RunCheck, users: Users) -> None:
    users.root(AccountAccessKeysPresent=1)
    finding = run_check(handler, days=90)
    assert finding.signals == FINE | {"root-keys": True}
    assert finding.evidence == ["the root user has access keys"]
    assert finding.summary.endswith("; the root user has access keys")


def test_what_iam_does_not_say_of_the_root_user_is_unknown(run_check: RunCheck, users: Users) -> None:
    users.root(AccountAccessKeysPresent=None)
    finding = run_check(handler, days=90)
    assert finding.signals == FINE | {"root-keys": None}
    assert finding.evidence == []
    assert finding.summary.endswith("; unknown whether the root user has access keys")


def test_nobody_is_there(run_check: RunCheck) -> None:
    finding = run_check(handler, days=90)
    assert finding.signals == FINE
    assert finding.facts["users"] == 0


def test_every_page_is_read(run_check: RunCheck, users: Users) -> None:
    users.paged(2)
    for n in range(5):
        users.add(f"user-{n}", keys=(100,) if n == 4 else ())
    finding = run_check(handler, days=90)
    assert finding.facts["users"] == 5
    assert finding.signals == FINE | {"old-keys": True}


def test_of_users_that_were_not_all_listed_only_what_was_seen_is_known(
    run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.paged(2)
    monkeypatch.setattr("functions.core.listed.over", lambda _: 0)
    for n in range(3):
        users.add(f"user-{n}", keys=(50,))
    finding = run_check(handler, days=90)
    assert finding.signals == FINE | {"old-keys": None}
    assert finding.summary.endswith("; there is more than could be read")
    assert run_check(handler, days=40).signals == FINE | {"old-keys": True}


def test_keys_that_there_was_no_time_to_ask_for_are_unknown(
    run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("alice", keys=(50,))
    users.add("bob", keys=(50,))
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert run_check(handler, days=90).signals == FINE | {"old-keys": None}


def test_many_users_take_no_more_room(run_check: RunCheck, users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 60)  # however busy this machine is
    users.paged(100)
    for n in range(500):
        users.add(f"user-{n}", keys=(100 + n,))
    finding = run_check(handler, days=90)
    assert finding.facts == {"users": 500, "active": 500, "old": 500, "oldest_days": 599}
    assert len(finding.evidence) == 11
    assert finding.evidence[0].startswith("user-499, key …")
    assert len(finding.model_dump_json()) < 1000


def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, users: Users) -> None:
    users.add("alice")
    users.refuse("list_access_keys")
    with pytest.raises(ClientError, match=r"AccessDenied.* list_access_keys"):
        run_check(handler, days=90)


@pytest.mark.parametrize("days", [0, 3_651])
def test_an_age_has_bounds(run_check: RunCheck, days: int) -> None:
    with pytest.raises(ValidationError, match="days"):
        run_check(handler, days=days)
