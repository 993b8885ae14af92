"""Events of ACM and of a team's pipeline, beside those of CloudWatch and ECS that dispatch's own tests send."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.core import events
from functions.core.unstarted import Ignored
from statemachines import compiled

NOW = datetime.now(UTC).replace(microsecond=0)
COMMIT = "5d41402abc4b2a76b9719d911017c592ae6f3c01"
CERTIFICATE = "arn:aws:acm:me-central-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b"
pytestmark = pytest.mark.usefixtures("world")


def certificate_event(kind: str = "ACM Certificate Approaching Expiration", **detail: Any) -> dict[str, Any]:
    """Write what ACM sends daily for 45 days before a certificate ends (ACM User Guide, "Amazon EventBridge")."""
    return {
        "version": "0",
        "id": "9c95e8e4-96a4-ef3f-b739-b6aa5b193afb",
        "detail-type": kind,
        "source": "aws.acm",
        "account": "123456789012",
        "time": NOW.isoformat(),
        "region": "me-central-1",
        "resources": [CERTIFICATE],
        "detail": {"DaysToExpiry": 31, "CommonName": "api.maisonganopa.com", **detail},
    }


def pipeline_event(at: datetime = NOW, **detail: Any) -> dict[str, Any]:
    """Write what a pipeline puts: README, "What starts a runbook"."""
    told = {"service": "ganopa-bot", "version": COMMIT, **detail}
    return {"source": "pipeline", "detail-type": "Deployment finished", "time": at.isoformat(), "detail": told}


def read(event: dict[str, Any]) -> events.Call:
    return events.read(event, compiled.read_all())


def refused(event: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Ignored) as raised:
        read(event)
    return raised.value.reason, str(raised.value)


@pytest.mark.parametrize("kind", ["ACM Certificate Approaching Expiration", "ACM Certificate Expired"])
def test_a_certificate_that_ends_calls_for_the_runbook_of_https(kind: str) -> None:
    call = read(certificate_event(kind))
    assert (call.runbook.runbook.name, call.kind, call.name) == ("https_broken", "event", "certificate-expiring")
    assert call.reason == f"{kind}: {CERTIFICATE}, 31 days left"
    assert call.parameters == call.trigger["parameters"] == {}


def test_the_same_certificate_is_one_occasion_an_hour_and_another_one_is_another() -> None:
    assert read(certificate_event()).incident == read(certificate_event(DaysToExpiry=30)).incident
    other = certificate_event() | {"resources": [f"{CERTIFICATE[:-1]}0"]}
    assert read(certificate_event()).incident != read(other).incident


def test_a_pipeline_says_which_version_is_to_be_expected() -> None:
    call = read(pipeline_event())
    assert (call.runbook.runbook.name, call.name) == ("version_unchanged", "pipeline-finished")
    assert call.trigger["parameters"] == {"expected_version": COMMIT}
    assert call.reason == f"the pipeline has deployed {COMMIT}"


def test_each_deployment_is_an_occasion_of_its_own() -> None:
    assert read(pipeline_event()).incident == read(pipeline_event()).incident
    assert read(pipeline_event()).incident != read(pipeline_event(NOW - timedelta(seconds=1))).incident


@pytest.mark.parametrize("version", ["$(id)", "a b", "-x", "x" * 129, "v1\n"])
def test_a_version_that_no_engineer_could_give_is_refused(version: str) -> None:
    reason, why = refused(pipeline_event(version=version))
    assert reason == "malformed"
    assert why.startswith("expected_version may not be ")
    assert len(why) < 200


@pytest.mark.parametrize(
    "event",
    [
        pipeline_event(version=""),
        pipeline_event() | {"source": "aws.codepipeline"},
        certificate_event() | {"resources": []},
        certificate_event("ACM Certificate Available"),
    ],
)
def test_what_says_too_little_or_something_else_calls_for_nothing(event: dict[str, Any]) -> None:
    assert refused(event)[0] == "unknown"
