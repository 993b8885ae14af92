from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudfront.models import Distribution

from functions.checks.distributions import handler
from functions.core import distributions, reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.answering import Answer, answering
from tests.functions.conftest import RunCheck

FINE = {"plain-http": False, "not-deployed": False, "none": False}
ALL, HTTPS, REDIRECT = "allow-all", "https-only", "redirect-to-https"
POLICY = "ViewerProtocolPolicy"
BEHAVIOUR = {"TargetOriginId": "one", "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
CUSTOM = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": HTTPS}
# what CloudFront tells of one, as far as it matters
TOLD = {
    "Id": "E1HUNTAZE",
    "Status": "Deployed",
    "Enabled": True,
    "Comment": "huntaze",
    "Aliases": {"Quantity": 0},
    "Origins": {"Quantity": 1, "Items": [{"DomainName": "origin.example"}]},
    "DefaultCacheBehavior": {POLICY: REDIRECT},
    "CacheBehaviors": {"Quantity": 1, "Items": [{"PathPattern": "/api/*", POLICY: HTTPS}]},
}
Make = Callable[..., str]


@pytest.fixture
def make(operator: Session) -> Make:
    """Make a distribution, which does this to HTTP; return its id."""
    cloudfront: Any = operator.client("cloudfront")
    names = (f"distribution-{number}" for number in range(1000))

    def made(policy: str = REDIRECT, *paths: tuple[str, str], origin: str = "origin.example", **other: Any) -> str:
        config = {
            "CallerReference": next(names),
            "Origins": items({"Id": "one", "DomainName": origin, "CustomOriginConfig": CUSTOM}),
            "DefaultCacheBehavior": BEHAVIOUR | {POLICY: policy},
            "CacheBehaviors": items(*(BEHAVIOUR | {"PathPattern": path, POLICY: its} for path, its in paths)),
            "Comment": "Huntaze",
            "Enabled": True,
        }
        return str(cloudfront.create_distribution(DistributionConfig=config | other)["Distribution"]["Id"])

    return made


def items(*some: Any) -> Answer:
    """Write a list as CloudFront does."""
    return {"Quantity": len(some)} | ({"Items": list(some)} if some else {})


def look(run_check: RunCheck, named: str = "huntaze") -> Finding:
    return run_check(handler, named=named)


@pytest.mark.parametrize("policy", [HTTPS, REDIRECT])
def test_in_order(run_check: RunCheck, make: Make, policy: str) -> None:
    made = make(policy, ("/api/*", policy))
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"count": 1, "ids": [made]}
    assert finding.summary == "CloudFront distributions: 1; answering HTTP: 0; not deployed: 0"
    assert finding.evidence == []


def test_one_answers_http(run_check: RunCheck, make: Make) -> None:
    make()
    plain = make(ALL)
    finding = look(run_check)
    assert finding.signals == FINE | {"plain-http": True}
    assert finding.evidence == [f"{plain}: ViewerProtocolPolicy * allow-all; Enabled True"]
    assert finding.summary == "CloudFront distributions: 2; answering HTTP: 1; not deployed: 0"


def test_one_path_answers_http(run_check: RunCheck, make: Make) -> None:
    plain = make(REDIRECT, ("/api/*", REDIRECT), ("/images/*", ALL))
    finding = look(run_check)
    assert finding.signals == FINE | {"plain-http": True}
    assert finding.evidence == [f"{plain}: ViewerProtocolPolicy /images/* allow-all; Enabled True"]


def test_one_that_is_disabled_answers_nothing(run_check: RunCheck, make: Make) -> None:
    make(ALL, Enabled=False)
    assert look(run_check).signals == FINE


def test_not_deployed(run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Distribution, "advance", lambda _: None)  # which moto does when it is asked
    made = make()
    finding = look(run_check)
    assert finding.signals == FINE | {"not-deployed": True}
    assert finding.evidence == [f"{made}: Status InProgress"]


@pytest.mark.parametrize(
    "where",
    [
        {"Aliases": items("static.example", "cdn.huntaze.com")},
        {"origin": "huntaze-assets.s3.amazonaws.com"},
        {"Comment": "CDN of Huntaze"},
    ],
)
def test_where_the_word_may_be(run_check: RunCheck, make: Make, where: Answer) -> None:
    made = make(**{"Comment": ""} | where)
    make(ALL, Comment="other", Aliases=items("cdn.other.example"))
    assert look(run_check).facts["ids"] == [made]


def test_none(run_check: RunCheck, make: Make) -> None:
    make(ALL, Comment="")
    finding = look(run_check)
    assert finding.signals == FINE | {"none": True}
    assert finding.summary == "there is no distribution that has the word in its aliases, origins or comment"
    assert look(run_check, "").signals == FINE | {"plain-http": True}


@pytest.mark.parametrize(
    ("told", "unknown", "line"),
    [
        ({"Status": None}, "not-deployed", "Status None"),
        ({"DefaultCacheBehavior": {}}, "plain-http", "ViewerProtocolPolicy * None; Enabled True"),
        ({"DefaultCacheBehavior": {POLICY: "new"}}, "plain-http", "ViewerProtocolPolicy * new; Enabled True"),
        (
            {"DefaultCacheBehavior": {POLICY: ALL}, "Enabled": None},
            "plain-http",
            "ViewerProtocolPolicy * allow-all; Enabled None",
        ),
        (
            {"CacheBehaviors": items({"PathPattern": "/api/*"})},
            "plain-http",
            "ViewerProtocolPolicy /api/* None; Enabled True",
        ),
    ],
)
def test_what_cloudfront_does_not_say_is_unknown(
    run_check: RunCheck, aws: Session, told: Answer, unknown: str, line: str
) -> None:
    one = {name: value for name, value in (TOLD | told).items() if value is not None}
    with answering(aws, "cloudfront", None, lambda *_: {"DistributionList": items(one)}):
        finding = look(run_check)
    assert finding.signals == FINE | {unknown: None}
    assert finding.evidence == [f"unknown: E1HUNTAZE: {line}"]


@pytest.mark.parametrize("told", [{"Enabled": None}, {"DefaultCacheBehavior": {}, "Enabled": False}])
def test_what_does_not_matter_need_not_be_known(run_check: RunCheck, aws: Session, told: Answer) -> None:
    one = {name: value for name, value in (TOLD | told).items() if value is not None}
    with answering(aws, "cloudfront", None, lambda *_: {"DistributionList": items(one)}):
        assert look(run_check).signals == FINE


def test_every_page_is_read(run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributions, "PAGE", 2)
    for number in range(5):
        make(ALL if number == 4 else REDIRECT)
    finding = look(run_check)
    assert finding.signals == FINE | {"plain-http": True}
    assert finding.facts["count"] == 5


def test_of_a_list_that_was_cut_only_what_was_seen_is_known(
    run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributions, "PAGE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    make()
    make(ALL)
    finding = look(run_check)
    assert finding.signals == {"plain-http": None, "not-deployed": None, "none": False}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, "other").signals == dict.fromkeys(FINE)


def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, aws: Session) -> None:
    denied = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: cloudfront:ListDistributions"}}
    with answering(aws, "cloudfront", None, lambda *_: denied), pytest.raises(ClientError, match="cloudfront:List"):
        look(run_check)
