from typing import Any

import pytest

from functions.core.aws import Session
from functions.core.errors import NotFound, Refused
from functions.core.results import Change
from functions.fixes.point_rule_at_target_group import handler
from tests.functions.conftest import Network, RunFix, RunUndo
from tests.functions.listener import HOST, PATH, Listener, host, path, weighted

METHOD: Any = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}


@pytest.fixture
def listener(operator: Session, network: Network, target_group: str) -> Listener:
    """The listener, without any rule."""
    return Listener(operator, network, target_group)


def point(run_fix: RunFix, listener: Listener, **other: Any) -> Change:
    return run_fix(handler, **listener.route | other)


@pytest.mark.parametrize("also", [[], [host(HOST)]])
def test_point_and_undo(run_fix: RunFix, run_undo: RunUndo, listener: Listener, also: list[Any]) -> None:
    rule = listener.rule(10, listener.elsewhere, Conditions=[path(PATH), *also])
    listener.rule(5, listener.elsewhere, Conditions=[path("/other")])
    listener.rule(20, listener.elsewhere)
    before = listener.rules()
    change = point(run_fix, listener)
    assert change.before == {"rule": rule, "forwards_to": {listener.elsewhere: 1}}
    assert change.after == {"rule": rule, "forwards_to": {listener.target_group: 1}}
    changed = [now for now, then in zip(listener.rules(), before, strict=True) if now != then]
    assert [(one["RuleArn"], one["Actions"][0]["TargetGroupArn"]) for one in changed] == [(rule, listener.target_group)]
    again = point(run_fix, listener)
    assert not again.changed
    assert again.before == change.after
    for _ in range(2):
        run_undo(handler, change.undo)
        assert listener.rules() == before


@pytest.mark.parametrize("kind", ["weighted", "redirect"])
def test_other_actions_come_back_exactly(run_fix: RunFix, run_undo: RunUndo, listener: Listener, kind: str) -> None:
    redirect = {"Type": "redirect", "Order": 1, "RedirectConfig": {"StatusCode": "HTTP_301", "Host": "elsewhere"}}
    shares = weighted(**{listener.target_group: 1, listener.elsewhere: 3})
    listener.rule(10, Actions=[{"weighted": shares, "redirect": redirect}[kind]])
    before = listener.rules()
    change = point(run_fix, listener)
    assert change.changed
    assert listener.rules()[0]["Actions"][0]["TargetGroupArn"] == listener.target_group
    run_undo(handler, change.undo)
    assert listener.rules() == before


def test_nothing_to_do(run_fix: RunFix, listener: Listener) -> None:
    listener.rule(10)
    assert not point(run_fix, listener).changed


@pytest.mark.parametrize(
    "conditions",
    [[path("/telegram/*")], [path(PATH, "/other")], [host(HOST)], [path(PATH), host("*.maisonganopa.com")]],
)
def test_never_a_rule_that_catches_others_too(run_fix: RunFix, listener: Listener, conditions: list[Any]) -> None:
    listener.rule(10, listener.elsewhere, Conditions=conditions)
    listener.rule(20)
    before = listener.rules()
    with pytest.raises(Refused, match=f"is not for {HOST}{PATH} alone: a person has to decide"):
        point(run_fix, listener)
    assert listener.rules() == before


def test_never_where_it_is_not_certain_which_rule_it_is(run_fix: RunFix, listener: Listener) -> None:
    listener.rule(5, listener.elsewhere, Conditions=[path(PATH), METHOD])
    listener.rule(10, listener.elsewhere)
    with pytest.raises(Refused):
        point(run_fix, listener)


def test_no_rule_at_all(run_fix: RunFix, listener: Listener) -> None:
    with pytest.raises(NotFound, match=f"there is no rule that catches {HOST}{PATH} in me-central-1"):
        point(run_fix, listener)


def test_no_such_listener(run_fix: RunFix, listener: Listener) -> None:
    with pytest.raises(NotFound, match="on port 80"):
        point(run_fix, listener, port=80)
