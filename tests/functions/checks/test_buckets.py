from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.checks.buckets import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.answering import Answer, answering
from tests.functions.conftest import ACCOUNT, RunCheck
from tests.functions.paging import paged

SETTINGS = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
FINE = {"public": False, "none": False}
ASSETS = "huntaze-assets"
Make = Callable[..., None]


@pytest.fixture
def make(operator: Session) -> Make:
    """Make a bucket that blocks everything but this; with None, nothing was ever said of it."""
    s3: Any = operator.client("s3")

    def bucket(name: str, opened: str | None = "") -> None:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if opened is not None:
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocking(opened))

    return bucket


def blocking(opened: str = "") -> dict[str, bool]:
    """Block all but one."""
    return {setting: setting != opened for setting in SETTINGS}


def account(operator: Session, **blocked: bool) -> None:
    """Block for the whole account."""
    control: Any = operator.client("s3control")
    control.put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=blocked)


def look(run_check: RunCheck, named: str = "huntaze") -> Finding:
    return run_check(handler, named=named)


def test_all_is_blocked(run_check: RunCheck, make: Make) -> None:
    make(ASSETS)
    make("my-huntaze-videos")
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 2, "ids": [ASSETS, "my-huntaze-videos"]}
    assert finding.summary == "buckets: 2; of these not blocking all public access: 0"
    assert finding.evidence == []


@pytest.mark.parametrize("setting", SETTINGS)
def test_one_setting_lets_the_public_in(run_check: RunCheck, make: Make, setting: str) -> None:
    make(ASSETS)
    make("huntaze-videos", setting)
    finding = look(run_check)
    assert finding.signals == FINE | {"public": True}
    assert finding.evidence == [f"huntaze-videos: {setting} False"]
    assert finding.summary == "buckets: 2; of these not blocking all public access: 1"


def test_nothing_was_ever_blocked(run_check: RunCheck, make: Make) -> None:
    make(ASSETS, None)
    finding = look(run_check)
    assert finding.signals == FINE | {"public": True}
    assert finding.evidence == [f"{ASSETS}: {', '.join(f'{setting} False' for setting in SETTINGS)}"]


def test_the_account_blocks_it_all(run_check: RunCheck, operator: Session, make: Make) -> None:
    make(ASSETS, None)
    account(operator, **blocking())
    assert look(run_check).signals == FINE


def test_the_account_blocks_what_the_bucket_does_not(run_check: RunCheck, operator: Session, make: Make) -> None:
    make(ASSETS, "BlockPublicAcls")
    account(operator, **blocking("BlockPublicPolicy"))
    assert look(run_check).signals == FINE
    make("huntaze-videos", "BlockPublicPolicy")
    finding = look(run_check)
    assert finding.signals == FINE | {"public": True}
    assert finding.evidence == ["huntaze-videos: BlockPublicPolicy False"]


@pytest.mark.parametrize(("of_account", "public"), [(blocking(), False), (blocking(SETTINGS[0]), None)])
def test_what_s3_does_not_say_is_unknown(
    run_check: RunCheck, operator: Session, aws: Session, of_account: dict[str, bool], *, public: bool | None
) -> None:
    rest = dict.fromkeys(SETTINGS[1:], True)

    def told(operation: str, _: Answer) -> Answer:
        listing = operation == "ListBuckets"
        return {"Buckets": [{"Name": ASSETS}]} if listing else {"PublicAccessBlockConfiguration": rest}

    account(operator, **of_account)
    with answering(aws, "s3", None, told):
        finding = look(run_check)
    assert finding.signals == FINE | {"public": public}
    assert finding.evidence == ([f"unknown: {ASSETS}: BlockPublicAcls None"] if public is None else [])


def test_none(run_check: RunCheck, make: Make) -> None:
    make("other", None)
    finding = look(run_check)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == "there is no bucket whose name has the word"
    assert look(run_check, "").signals == FINE | {"public": True}


def test_every_page_is_read(run_check: RunCheck, make: Make, aws: Session) -> None:
    for number in range(5):
        make(f"huntaze-{number}", "" if number < 4 else None)
    with paged(aws.client("s3"), "ListBuckets", 2) as begun:
        finding = look(run_check)
    assert begun == [0, 2, 4]
    assert finding.signals == FINE | {"public": True}
    assert finding.facts["count"] == 5


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, make: Make, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("huntaze-1")
    make("huntaze-2")
    make("other-1", None)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("s3"), "ListBuckets", 1):
        finding = look(run_check)
        assert finding.signals == FINE | {"public": None}
        assert finding.summary.endswith("; there is more than could be read")
        assert look(run_check, "other").signals == {"public": None, "none": None}


def test_buckets_that_there_was_no_time_to_ask_of_are_unknown(
    run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("huntaze-1")
    make("huntaze-2", None)
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert look(run_check).signals == FINE | {"public": None}


def test_the_account_is_asked_once(run_check: RunCheck, make: Make, aws: Session) -> None:
    for number in range(5):
        make(f"huntaze-{number}")
    with answering(aws, "s3control", None, lambda *_: {"PublicAccessBlockConfiguration": blocking()}) as calls:
        look(run_check)
    assert calls == [("GetPublicAccessBlock", {"AccountId": ACCOUNT})]


@pytest.mark.parametrize(
    ("service", "operation"),
    [("s3", "ListBuckets"), ("s3", "GetPublicAccessBlock"), ("s3control", "GetPublicAccessBlock")],
)
def test_a_permission_that_is_missing_fails_the_check(
    run_check: RunCheck, make: Make, aws: Session, service: str, operation: str
) -> None:
    def told(called: str, _: Answer) -> Answer:
        denied = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}
        return denied if called == operation else {"Buckets": [{"Name": ASSETS}]}

    make(ASSETS)
    with answering(aws, service, None, told), pytest.raises(ClientError, match=rf"AccessDenied.* {operation} "):
        look(run_check)
