from typing import Any

import pytest
from moto.ec2 import ec2_backends
from pydantic import ValidationError

from functions.checks.open_security_groups import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT, Network, RunCheck
from tests.functions.paging import paged

ANYWHERE, ANYWHERE6 = "0.0.0.0/0", "::/0"
FINE = {"open-ports": False, "open-admin": False}
OPEN = {"open-ports": True, "open-admin": False}
ADMIN = {"open-ports": True, "open-admin": True}
HALVES = ["0.0.0.0/1", "128.0.0.0/1"]
PREFIX = [{"PrefixListId": "pl-1"}]


@pytest.fixture
def let_in(operator: Session, network: Network) -> Any:
    """Add a rule to a group: `let_in(22)`, `let_in(22, 30, "udp", ["10.0.0.0/8"])`."""

    def add(first: int, last: int | None = None, protocol: str = "tcp", by: Any = (ANYWHERE,), **other: Any) -> None:
        rule: Any = {
            "IpProtocol": protocol,
            "IpRanges": [{"CidrIp": one} for one in by if ":" not in one],
            "Ipv6Ranges": [{"CidrIpv6": one} for one in by if ":" in one],
            **other,
        }
        if protocol != "-1":
            rule |= {"FromPort": first, "ToPort": first if last is None else last}
        operator.client("ec2").authorize_security_group_ingress(GroupId=network.task_group, IpPermissions=[rule])

    return add


def look(run_check: RunCheck) -> Finding:
    return run_check(handler, region=REGION)


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize("source", [ANYWHERE, ANYWHERE6])
def test_the_web_is_for_the_world(run_check: RunCheck, let_in: Any, port: int, source: str) -> None:
    let_in(port, by=[source])
    let_in(22, by=["10.0.0.0/8", "2001:db8::/32"])
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.evidence == []
    assert finding.facts["open"] == finding.facts["admin"] == []


@pytest.mark.parametrize(
    ("first", "last", "protocol", "signals"),
    [
        (8080, 8080, "tcp", OPEN),
        (80, 81, "tcp", OPEN),
        (80, 443, "tcp", OPEN),
        (443, 443, "udp", OPEN),
        (53, 53, "udp", OPEN),
        (22, 22, "udp", OPEN),
        (-1, -1, "47", OPEN),
        (0, 65535, "tcp", ADMIN),
        (20, 25, "tcp", ADMIN),
        (0, 0, "-1", ADMIN),
        *((port, port, "tcp", ADMIN) for port in (22, 3389, 5432, 3306, 6379, 27017)),
    ],
)
def test_anything_else_is_not(
    run_check: RunCheck, let_in: Any, first: int, last: int, protocol: str, signals: dict[str, bool]
) -> None:
    let_in(first, last, protocol)
    assert look(run_check).signals == signals


@pytest.mark.parametrize("by", [[ANYWHERE6], ["10.0.0.0/8", ANYWHERE], HALVES, ["::/1", "8000::/1"]])
def test_the_world_however_it_is_written(run_check: RunCheck, let_in: Any, by: list[str]) -> None:
    let_in(22, by=by)
    assert look(run_check).signals == ADMIN


@pytest.mark.parametrize("by", [["10.0.0.0/8"], HALVES[:1], ["::/1"], ["1.2.3.4/32"]])
def test_a_part_is_not_the_world(run_check: RunCheck, let_in: Any, by: list[str]) -> None:
    let_in(22, by=by)
    assert look(run_check).signals == FINE


def test_another_group_is_not_the_world(run_check: RunCheck, let_in: Any, network: Network) -> None:
    let_in(5432, by=[], UserIdGroupPairs=[{"GroupId": network.load_balancer_group}])
    assert look(run_check).signals == FINE


@pytest.mark.parametrize("protocol", ["icmp", "icmpv6"])
def test_icmp_has_no_port(run_check: RunCheck, let_in: Any, protocol: str) -> None:
    let_in(-1, -1, protocol)
    assert look(run_check).signals == FINE


def test_what_is_wrong_is_told(run_check: RunCheck, let_in: Any, network: Network) -> None:
    let_in(8000, 8001)
    let_in(22, by=[ANYWHERE6])
    let_in(0, protocol="-1", by=HALVES)
    finding = look(run_check)
    group = network.task_group
    assert finding.evidence == [
        f"{group} (tasks): tcp 22 from ::/0",
        f"{group} (tasks): every protocol from 0.0.0.0/1, 128.0.0.0/1",
        f"{group} (tasks): tcp 8000-8001 from 0.0.0.0/0",
    ]
    assert finding.facts["open"] == finding.facts["admin"] == [group]
    count = finding.facts["groups"]
    assert finding.summary == (
        f"{count} security groups: 1 open to the world beyond TCP 80 and 443, 1 for administration"
    )


@pytest.mark.parametrize(("port", "admin"), [(8000, False), (22, None)])
def test_what_a_prefix_list_holds_is_unknown(
    run_check: RunCheck,
    let_in: Any,
    port: int,
    admin: bool | None,  # noqa: FBT001
) -> None:
    let_in(80, by=[], PrefixListIds=PREFIX)
    assert look(run_check).signals == FINE
    let_in(port, by=[], PrefixListIds=PREFIX)
    finding = look(run_check)
    assert finding.signals == {"open-ports": None, "open-admin": admin}
    assert finding.evidence[0].endswith(f"(tasks): tcp {port} from pl-1")
    let_in(22)
    assert look(run_check).signals == ADMIN


def test_another_region_is_another_question(run_check: RunCheck, let_in: Any) -> None:
    let_in(22)
    assert run_check(handler, region="us-east-2").signals == FINE


def test_no_group_at_all(run_check: RunCheck, operator: Session) -> None:
    operator.client("ec2").describe_security_groups()
    ec2_backends[ACCOUNT][REGION].groups.clear()
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts["groups"] == 0


def test_every_page_is_read(run_check: RunCheck, let_in: Any, aws: Session) -> None:
    let_in(22)
    with paged(aws.client("ec2", REGION), "DescribeSecurityGroups", 1) as begun:
        finding = look(run_check)
    assert finding.signals == ADMIN
    assert begun == list(range(finding.facts["groups"]))
    assert len(begun) > 2


def test_of_a_list_that_was_cut_nothing_is_known_to_be_fine(
    run_check: RunCheck, let_in: Any, aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(22)
    monkeypatch.setattr(reading, "SECONDS", 0)
    with paged(aws.client("ec2", REGION), "DescribeSecurityGroups", 1):
        finding = look(run_check)
    assert finding.signals == {"open-ports": None, "open-admin": None}
    assert finding.summary.endswith("; there is more than could be read")


def test_what_is_no_region_is_refused(run_check: RunCheck) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, region="everywhere")
