from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.checks.security_group_port import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import Network, RunCheck

ANYWHERE = "0.0.0.0/0"


def allow_in(operator: Session, group: str, source: dict[str, Any], first: int, last: int, protocol: str) -> None:
    """Add a rule."""
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    rule: Any = {"IpProtocol": protocol, **ports, **source}
    operator.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


def ranges(*texts: str) -> dict[str, Any]:
    six = [{"CidrIpv6": text} for text in texts if ":" in text]
    return {"IpRanges": [{"CidrIp": text} for text in texts if ":" not in text]} | ({"Ipv6Ranges": six} if six else {})


def group(identifier: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": identifier}]}


def to_tasks(run_check: RunCheck, network: Network) -> Finding:
    return run_check(handler, security_group=network.task_group, port=8000, source=network.load_balancer_group)


def from_internet(run_check: RunCheck, network: Network) -> Finding:
    return run_check(handler, security_group=network.load_balancer_group, port=443, source=ANYWHERE)


@pytest.mark.parametrize(
    ("first", "last", "protocol"), [(8000, 8000, "tcp"), (0, 65535, "tcp"), (7999, 8001, "tcp"), (0, 0, "-1")]
)
def test_open_to_the_group(
    run_check: RunCheck, operator: Session, network: Network, first: int, last: int, protocol: str
) -> None:
    allow_in(operator, network.task_group, group(network.load_balancer_group), first, last, protocol)
    finding = to_tasks(run_check, network)
    assert finding.signals == {"port-closed": False}
    assert finding.facts == {"rules": [network.load_balancer_group]}


def test_closed_without_a_rule(run_check: RunCheck, network: Network) -> None:
    finding = to_tasks(run_check, network)
    assert finding.signals == {"port-closed": True}
    assert finding.summary.endswith(f"port 8000 closed to {network.load_balancer_group} (no rule)")


@pytest.mark.parametrize(("port", "protocol"), [(8001, "tcp"), (8000, "udp"), (7999, "tcp")])
def test_closed_by_a_rule_for_something_else(
    run_check: RunCheck, operator: Session, network: Network, port: int, protocol: str
) -> None:
    allow_in(operator, network.task_group, group(network.load_balancer_group), port, port, protocol)
    assert to_tasks(run_check, network).signals == {"port-closed": True}


def test_closed_by_a_rule_for_another_group(run_check: RunCheck, operator: Session, network: Network) -> None:
    allow_in(operator, network.task_group, group(network.task_group), 8000, 8000, "tcp")
    finding = to_tasks(run_check, network)
    assert finding.signals == {"port-closed": True}
    assert finding.facts == {"rules": [network.task_group]}


def test_open_to_every_group_where_it_is_open_to_anywhere(
    run_check: RunCheck, operator: Session, network: Network
) -> None:
    allow_in(operator, network.task_group, ranges(ANYWHERE), 8000, 8000, "tcp")
    assert to_tasks(run_check, network).signals == {"port-closed": False}


def test_unknown_whether_a_group_s_addresses_are_in_a_range(
    run_check: RunCheck, operator: Session, network: Network
) -> None:
    allow_in(operator, network.task_group, ranges("10.0.0.0/16"), 8000, 8000, "tcp")
    assert to_tasks(run_check, network).signals == {"port-closed": None}


@pytest.mark.parametrize("texts", [[ANYWHERE], ["0.0.0.0/1", "128.0.0.0/1"]])
def test_open_to_the_internet(run_check: RunCheck, operator: Session, network: Network, texts: list[str]) -> None:
    allow_in(operator, network.load_balancer_group, ranges(*texts), 443, 443, "tcp")
    assert from_internet(run_check, network).signals == {"port-closed": False}


@pytest.mark.parametrize("texts", [["10.0.0.0/8"], ["0.0.0.0/1"], ["::/0"]])
def test_closed_to_the_internet_where_only_a_part_gets_in(
    run_check: RunCheck, operator: Session, network: Network, texts: list[str]
) -> None:
    allow_in(operator, network.load_balancer_group, ranges(*texts), 443, 443, "tcp")
    assert from_internet(run_check, network).signals == {"port-closed": True}


@pytest.mark.parametrize(("allowed", "source"), [("10.0.0.0/8", "10.1.0.0/16"), ("2001:db8::/32", "2001:db8:1::/48")])
def test_open_to_a_part_of_a_range(
    run_check: RunCheck, operator: Session, network: Network, allowed: str, source: str
) -> None:
    allow_in(operator, network.task_group, ranges(allowed), 8000, 8000, "tcp")
    finding = run_check(handler, security_group=network.task_group, port=8000, source=source)
    assert finding.signals == {"port-closed": False}


def test_unknown_what_a_prefix_list_holds(run_check: RunCheck, operator: Session, network: Network) -> None:
    prefix = {"PrefixListIds": [{"PrefixListId": "pl-1"}]}
    allow_in(operator, network.load_balancer_group, prefix, 443, 443, "tcp")
    finding = from_internet(run_check, network)
    assert finding.signals == {"port-closed": None}
    assert finding.facts == {"rules": ["pl-1"]}


def test_many_rules_are_told_in_short(run_check: RunCheck, operator: Session, network: Network) -> None:
    allow_in(operator, network.task_group, ranges(*(f"10.0.{n}.0/24" for n in range(50))), 8000, 8000, "tcp")
    assert len(to_tasks(run_check, network).facts["rules"]) < 20


def test_no_such_group_is_unknown(run_check: RunCheck, network: Network) -> None:
    with pytest.raises(NotFound, match="there is no security group sg-0123456789abcdef0 in me-central-1"):
        run_check(handler, security_group="sg-0123456789abcdef0", port=443, source=network.task_group)


def test_any_other_error_is_unknown_too(run_check: RunCheck, monkeypatch: pytest.MonkeyPatch, aws: Session) -> None:
    def throttled(**_: object) -> None:
        raise ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "DescribeSecurityGroups")

    monkeypatch.setattr(aws.client("ec2"), "describe_security_groups", throttled)
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        run_check(handler, security_group="sg-1", port=443, source=ANYWHERE)


@pytest.mark.parametrize(("port", "source"), [(0, ANYWHERE), (65536, ANYWHERE), (443, "internet"), (443, "10.0.0.1/8")])
def test_what_is_no_port_or_source_is_refused(run_check: RunCheck, port: int, source: str) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, security_group="sg-1", port=port, source=source)
