from collections.abc import Callable
from typing import Any

import pytest
from moto.logs.models import LogGroup, logs_backends

from functions.checks.log_retention import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.conftest import ACCOUNT, RunCheck

US = "us-east-2"
Make = Callable[..., None]


@pytest.fixture
def make(operator: Session) -> Make:
    """Make log groups; they expire after so many days."""
    logs = operator.client("logs", US)

    def groups(*names: str, days: int = 0) -> None:
        for name in names:
            logs.create_log_group(logGroupName=name)
            if days:
                logs.put_retention_policy(logGroupName=name, retentionInDays=days)

    return groups


def look(run_check: RunCheck, named: str = "") -> Finding:
    return run_check(handler, region=US, named=named)


def test_all_expire(run_check: RunCheck, make: Make) -> None:
    make("/ecs/huntaze", "/aws/amplify/huntaze", days=30)
    finding = look(run_check)
    assert finding.signals == {"no-retention": False, "none": False}
    assert finding.summary == "2 log groups in us-east-2, 0 of them never expire"
    assert finding.facts == {"count": 2, "never_expire": 0, "whole": True}
    assert finding.evidence == []


def test_one_never_expires(run_check: RunCheck, make: Make) -> None:
    make("/ecs/huntaze", days=1)
    make("/ecs/video")
    finding = look(run_check)
    assert finding.signals == {"no-retention": True, "none": False}
    assert finding.evidence == ["/ecs/video: retentionInDays is not set"]


def test_what_is_delivered_expires_after_a_day(
    run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("/aws/lambda/huntaze")
    of_a_group = LogGroup.to_describe_dict

    def kind(name: str) -> Callable[[LogGroup], dict[str, Any]]:
        return lambda group: of_a_group(group) | {"logGroupClass": name}

    monkeypatch.setattr(LogGroup, "to_describe_dict", kind("DELIVERY"))  # a field that moto does not know
    assert look(run_check).signals["no-retention"] is False
    monkeypatch.setattr(LogGroup, "to_describe_dict", kind("STANDARD"))
    assert look(run_check).signals["no-retention"]


def test_no_log_group_is_no_good_news(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == {"no-retention": False, "none": True}


def test_only_those_whose_name_has_the_word(run_check: RunCheck, make: Make) -> None:
    make("/ecs/other")
    make("/ecs/huntaze-ai-router", days=7)
    assert look(run_check, "huntaze").signals == {"no-retention": False, "none": False}
    assert look(run_check, "video").signals == {"no-retention": False, "none": True}
    assert look(run_check, "other").signals == {"no-retention": True, "none": False}


def test_another_region_is_another_list(run_check: RunCheck, make: Make) -> None:
    make("/ecs/huntaze")
    assert run_check(handler, region="us-east-1").signals == {"no-retention": False, "none": True}


def test_all_pages_are_read(run_check: RunCheck, make: Make) -> None:
    make(*(f"/ecs/{number:03}" for number in range(400)), days=30)
    make("/ecs/last")
    finding = look(run_check)
    assert finding.facts == {"count": 401, "never_expire": 1, "whole": True}
    assert finding.signals["no-retention"]


def test_what_was_not_read_is_unknown(run_check: RunCheck, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make(*(f"/ecs/{number:03}" for number in range(60)), days=30)
    make("/zzz/last")
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check)
    assert finding.signals == {"no-retention": None, "none": False}
    assert finding.summary.endswith("never expire; there is more than could be read")
    assert look(run_check, "last").signals == {"no-retention": None, "none": None}
    logs_backends[ACCOUNT][US].groups["/ecs/000"].retention_in_days = None
    assert look(run_check).signals["no-retention"]
