from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Change
from functions.fixes.open_security_group_port import handler
from tests.functions.conftest import Network, RunFix, RunUndo

OTHER: Any = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}


def rules(operator: Session, group: str) -> list[Any]:
    """Look at the inbound rules as an operator would."""
    return list(operator.client("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"])


def open_port(run_fix: RunFix, network: Network) -> Change:
    return run_fix(handler, security_group=network.task_group, port=8000, source=network.load_balancer_group)


def test_open_and_undo(run_fix: RunFix, run_undo: RunUndo, operator: Session, network: Network) -> None:
    change = open_port(run_fix, network)
    assert change.before == {"sources": []}
    assert change.after == {"sources": [network.load_balancer_group]}
    (rule,) = rules(operator, network.task_group)
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == ("tcp", 8000, 8000, [])
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [network.load_balancer_group]
    assert not open_port(run_fix, network).changed
    run_undo(handler, change.undo)
    assert rules(operator, network.task_group) == []


def test_the_undo_removes_no_other_rule(
    run_fix: RunFix, run_undo: RunUndo, operator: Session, network: Network
) -> None:
    operator.client("ec2").authorize_security_group_ingress(GroupId=network.task_group, IpPermissions=[OTHER])
    before = rules(operator, network.task_group)
    change = open_port(run_fix, network)
    assert change.before == {"sources": ["10.9.0.0/16"]}
    run_undo(handler, change.undo)
    assert rules(operator, network.task_group) == before


def test_undone_twice_is_undone(run_fix: RunFix, run_undo: RunUndo, operator: Session, network: Network) -> None:
    change = open_port(run_fix, network)
    run_undo(handler, change.undo)
    run_undo(handler, change.undo)
    assert rules(operator, network.task_group) == []


def test_an_undo_that_aws_refuses_fails(run_undo: RunUndo, network: Network) -> None:
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        run_undo(handler, {"GroupId": "sg-0123456789abcdef0", "SecurityGroupRuleIds": [network.vpc]})


def test_the_load_balancer_s_own_group_stays_as_it_is(run_fix: RunFix, operator: Session, network: Network) -> None:
    open_port(run_fix, network)
    assert rules(operator, network.load_balancer_group) == []


@pytest.mark.parametrize("source", ["0.0.0.0/0", "10.0.0.0/8", "::/0", ""])
def test_never_to_addresses(run_fix: RunFix, operator: Session, network: Network, source: str) -> None:
    with pytest.raises(ValidationError, match="addresses are refused"):
        run_fix(handler, security_group=network.task_group, port=8000, source=source)
    assert rules(operator, network.task_group) == []


def test_no_such_group(run_fix: RunFix, network: Network) -> None:
    with pytest.raises(NotFound, match="no security group sg-0123456789abcdef0"):
        run_fix(handler, security_group="sg-0123456789abcdef0", port=8000, source=network.load_balancer_group)
