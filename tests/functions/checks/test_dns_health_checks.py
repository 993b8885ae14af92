from typing import Any

import pytest

from functions.checks.dns_health_checks import handler
from functions.core import reading
from functions.core.aws import Session
from tests.functions.conftest import RunCheck
from tests.functions.paging import paged


def add(operator: Session, name: str = "api.huntaze.com", **other: Any) -> str:
    """Let Route 53 check an endpoint; return the health check's id."""
    config: Any = {"Type": "HTTPS", "FullyQualifiedDomainName": name, "ResourcePath": "/api/health", **other}
    made = operator.client("route53").create_health_check(CallerReference=name, HealthCheckConfig=config)
    return made["HealthCheck"]["Id"]


def test_none(run_check: RunCheck) -> None:
    finding = run_check(handler)
    assert finding.signals == {"none": True}
    assert finding.summary == "0 health checks of Route 53, 0 of them disabled"


def test_one(run_check: RunCheck, operator: Session) -> None:
    add(operator)
    finding = run_check(handler)
    assert finding.signals == {"none": False}
    assert finding.facts == {"health_checks": 1, "kinds": ["HTTPS"]}
    assert finding.evidence == []


def test_a_disabled_one_checks_nothing(run_check: RunCheck, operator: Session) -> None:
    disabled = add(operator, Disabled=True)
    finding = run_check(handler)
    assert finding.signals == {"none": True}
    assert finding.evidence == [f"{disabled}: disabled"]
    add(operator, "www.huntaze.com")
    assert run_check(handler).signals == {"none": False}


def test_every_page_is_read(run_check: RunCheck, operator: Session, aws: Session) -> None:
    for number in range(3):
        add(operator, f"{number}.huntaze.com", Disabled=number < 2)
    with paged(aws.client("route53"), "ListHealthChecks", 1) as begun:
        finding = run_check(handler)
    assert finding.signals == {"none": False}
    assert begun == [0, 1, 2]


@pytest.mark.parametrize(("disabled", "none"), [(True, None), (False, False)])
def test_of_a_list_that_was_cut_nobody_knows_whether_there_is_one(
    run_check: RunCheck,
    operator: Session,
    aws: Session,
    monkeypatch: pytest.MonkeyPatch,
    *,
    disabled: bool,
    none: bool | None,
) -> None:
    add(operator, "first.huntaze.com", Disabled=disabled)
    add(operator, "second.huntaze.com")
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("route53"), "ListHealthChecks", 1):
        finding = run_check(handler)
    assert finding.signals == {"none": none}
    assert finding.summary.endswith("; there is more than could be read")
