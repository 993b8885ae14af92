from typing import Any

import pytest
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.fixes.correct_health_check import handler
from tests.functions.conftest import RunFix, RunUndo

RIGHT = {"path": "/health", "port": "traffic-port", "matcher": "200"}
WRONG = {"path": "/healthz", "port": "9000", "matcher": "302"}


def asked(operator: Session, target_group: str) -> dict[str, Any]:
    """Look at the target group as an operator would."""
    groups = operator.client("elbv2").describe_target_groups(TargetGroupArns=[target_group])
    return dict(groups["TargetGroups"][0])


def spoil(operator: Session, target_group: str, path: str, port: str, matcher: str) -> None:
    operator.client("elbv2").modify_target_group(
        TargetGroupArn=target_group, HealthCheckPath=path, HealthCheckPort=port, Matcher={"HttpCode": matcher}
    )


def test_nothing_to_do(run_fix: RunFix, target_group: str) -> None:
    assert not run_fix(handler, target_group=target_group, **RIGHT).changed


@pytest.mark.parametrize("name", ["path", "port", "matcher"])
def test_correct_and_undo(run_fix: RunFix, run_undo: RunUndo, operator: Session, target_group: str, name: str) -> None:
    right = asked(operator, target_group)
    wrong = RIGHT | {name: WRONG[name]}
    spoil(operator, target_group, **wrong)
    spoiled = asked(operator, target_group)
    change = run_fix(handler, target_group=target_group, **RIGHT)
    assert (change.before, change.after) == (wrong, RIGHT)
    assert asked(operator, target_group) == right
    run_undo(handler, change.undo)
    assert asked(operator, target_group) == spoiled


def test_no_such_target_group(run_fix: RunFix, target_group: str) -> None:
    with pytest.raises(NotFound, match="no target group"):
        run_fix(handler, target_group=f"{target_group}-gone", **RIGHT)


@pytest.mark.parametrize(
    "wrong", [{"path": "health"}, {"path": "/a b"}, {"port": "0"}, {"port": "any"}, {"matcher": "ok"}]
)
def test_what_no_health_check_can_ask_is_refused(run_fix: RunFix, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        run_fix(handler, target_group="arn", **RIGHT | wrong)
