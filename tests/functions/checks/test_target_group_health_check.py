import pytest

from functions.checks.target_group_health_check import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import CLUSTER, OF_SERVICE, RunCheck

EXPECTED = {"container": "ganopa-bot", "port": 8000, "path": "/health"}
pytestmark = pytest.mark.usefixtures("service")


def look(run_check: RunCheck, target_group: str, **other: object) -> Finding:
    return run_check(handler, **OF_SERVICE | EXPECTED | other, target_group=target_group)


def test_healthy(run_check: RunCheck, target_group: str) -> None:
    finding = look(run_check, target_group)
    assert finding.signals == {"mismatch": False}
    assert finding.facts == {"path": "/health", "port": "traffic-port", "matcher": "200", "container_port": [8000]}


@pytest.mark.parametrize("matcher", ["200-299", "200,202"])
def test_the_container_s_own_port_and_more_statuses_are_fine(
    run_check: RunCheck, operator: Session, target_group: str, matcher: str
) -> None:
    operator.client("elbv2").modify_target_group(
        TargetGroupArn=target_group, HealthCheckPort="8000", Matcher={"HttpCode": matcher}
    )
    assert look(run_check, target_group).signals == {"mismatch": False}


@pytest.mark.parametrize(
    ("wrong", "change"),
    [
        ("path", {"HealthCheckPath": "/healthz"}),
        ("port", {"HealthCheckPort": "9000"}),
        ("matcher", {"Matcher": {"HttpCode": "201-299"}}),
    ],
)
def test_mismatch(
    run_check: RunCheck, operator: Session, target_group: str, wrong: str, change: dict[str, str]
) -> None:
    operator.client("elbv2").modify_target_group(TargetGroupArn=target_group, **change)  # type: ignore[arg-type]
    finding = look(run_check, target_group)
    assert finding.signals == {"mismatch": True}
    assert finding.summary.endswith(f"wrong: {wrong}")


def test_unknown_where_the_container_exposes_another_port_than_the_file_says(
    run_check: RunCheck, target_group: str
) -> None:
    finding = look(run_check, target_group, port=8080)
    assert finding.signals == {"mismatch": None}
    assert finding.facts["container_port"] == [8000]


def test_no_such_container_is_unknown(run_check: RunCheck, target_group: str) -> None:
    with pytest.raises(NotFound, match=r"no container \(there is ganopa-bot\) in arn:.*:1 named web"):
        look(run_check, target_group, container="web")


def test_no_such_service_is_unknown(run_check: RunCheck, target_group: str) -> None:
    with pytest.raises(NotFound, match=f"in cluster {CLUSTER} named other"):
        look(run_check, target_group, service="other")


def test_no_such_target_group_is_unknown(run_check: RunCheck, target_group: str) -> None:
    with pytest.raises(NotFound, match="no target group"):
        look(run_check, f"{target_group}-gone")
