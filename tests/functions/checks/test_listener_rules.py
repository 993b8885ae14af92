from typing import Any

import pytest

from functions.checks.listener_rules import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import Network, RunCheck
from tests.functions.listener import HOST, PATH, Listener, host, path, weighted

FINE = {"forwards-elsewhere": False, "shadowed": False, "no-rule": False, "catches-more": False}
UNKNOWN = dict.fromkeys(FINE, None)
METHOD: Any = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}
REDIRECT: Any = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Host": "elsewhere"}}


@pytest.fixture
def listener(operator: Session, network: Network, target_group: str) -> Listener:
    """The listener, without any rule."""
    return Listener(operator, network, target_group)


def look(run_check: RunCheck, listener: Listener, **other: Any) -> Finding:
    return run_check(handler, **listener.route | other)


def test_healthy(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(5, listener.elsewhere, Conditions=[path("/other/*")])
    rule = listener.rule(10)
    finding = look(run_check, listener)
    assert finding.signals == FINE
    assert finding.facts == {"rule": rule, "priority": "10", "target_group": ["ganopa-dev-bot-tg"], "rules": 3}
    assert finding.summary == f"{HOST}{PATH} is caught by rule 10, which sends it to ganopa-dev-bot-tg"


def test_forwards_elsewhere(run_check: RunCheck, listener: Listener) -> None:
    rule = listener.rule(10, listener.elsewhere)
    finding = look(run_check, listener)
    assert finding.signals == FINE | {"forwards-elsewhere": True}
    assert finding.facts == {"rule": rule, "priority": "10", "target_group": ["agent-gateway-tg"], "rules": 2}


def test_priorities_are_numbers(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(10, listener.elsewhere)
    listener.rule(9)
    assert look(run_check, listener).signals == FINE


def test_shadowed(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(10)
    shadow = listener.rule(9, listener.elsewhere, Conditions=[path("/telegram/*")])
    finding = look(run_check, listener)
    assert finding.signals == {"forwards-elsewhere": True, "shadowed": True, "no-rule": False, "catches-more": True}
    assert finding.facts["rule"] == shadow
    assert finding.evidence == ["9: agent-gateway-tg", "10: ganopa-dev-bot-tg", "default: fixed-response"]


def test_no_rule(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(10, Conditions=[path("/telegram/webhook/")])
    finding = look(run_check, listener)
    assert finding.signals == FINE | {"no-rule": True}
    assert finding.facts["target_group"] == ["fixed-response"]


def test_the_default_action_is_enough_where_it_is_right(run_check: RunCheck, listener: Listener) -> None:
    forward: Any = {"Type": "forward", "TargetGroupArn": listener.target_group}
    listener.elb.modify_listener(ListenerArn=listener.listener, DefaultActions=[forward])
    assert look(run_check, listener).signals == FINE


@pytest.mark.parametrize(
    ("conditions", "caught"),
    [
        ([path("/telegram/*")], True),
        ([path("/telegram/web????")], True),
        ([path("/Telegram/webhook")], False),
        ([path("/telegram/webhook*")], True),
        ([path("/telegram/webhoo[k]")], False),
        ([path("/a", "/telegram/webhook")], True),
        ([path(PATH), host("API.maisonganopa.com")], True),
        ([path(PATH), host("*.maisonganopa.com")], True),
        ([path(PATH), host("www.maisonganopa.com")], False),
        ([host("api.maisonganopa.com")], True),
        ([{"Field": "path-pattern", "Values": [PATH]}], True),
    ],
)
def test_conditions(run_check: RunCheck, listener: Listener, conditions: list[Any], *, caught: bool) -> None:
    listener.rule(10, listener.elsewhere, Conditions=conditions)
    assert look(run_check, listener).signals["forwards-elsewhere"] is caught


@pytest.mark.parametrize(
    ("conditions", "more"),
    [
        ([path(PATH)], False),
        ([path(PATH), host(HOST)], False),
        ([path(PATH, "/other")], True),
        ([path("/telegram/*")], True),
        ([path(PATH), host(HOST, "www.maisonganopa.com")], True),
        ([path(PATH), host("*.maisonganopa.com")], True),
        ([host(HOST)], True),
    ],
)
def test_what_a_rule_catches_besides(
    run_check: RunCheck, listener: Listener, conditions: list[Any], *, more: bool
) -> None:
    listener.rule(10, Conditions=conditions)
    assert look(run_check, listener).signals["catches-more"] is more


def test_a_rule_that_asks_for_more_leaves_it_unknown(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(5, listener.elsewhere, Conditions=[path(PATH), METHOD])
    listener.rule(10)
    finding = look(run_check, listener)
    assert finding.signals == UNKNOWN
    assert finding.summary.endswith("which sends it to ganopa-dev-bot-tg; 1 rule before it may catch it")


def test_a_rule_that_asks_for_more_and_does_the_same_does_not_matter(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(5, Conditions=[path(PATH), METHOD])
    listener.rule(6, listener.elsewhere, Conditions=[path("/other"), METHOD])
    listener.rule(10)
    assert look(run_check, listener).signals == FINE


def test_a_share_of_the_requests_goes_elsewhere(run_check: RunCheck, listener: Listener) -> None:
    shares = {listener.target_group: 9, listener.elsewhere: 1}
    listener.rule(10, Actions=[weighted(**shares)])
    finding = look(run_check, listener)
    assert finding.signals == FINE | {"forwards-elsewhere": True}
    assert finding.summary.endswith("sends it to ganopa-dev-bot-tg (9/10), agent-gateway-tg (1/10)")


def test_a_share_of_none_is_none(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(10, Actions=[weighted(**{listener.target_group: 1, listener.elsewhere: 0})])
    assert look(run_check, listener).signals == FINE


def test_a_redirect_is_no_forward(run_check: RunCheck, listener: Listener) -> None:
    listener.rule(10, Actions=[REDIRECT])
    finding = look(run_check, listener)
    assert finding.signals == FINE | {"forwards-elsewhere": True}
    assert finding.facts["target_group"] == ["redirect"]


def test_every_page_of_rules_is_read(run_check: RunCheck, listener: Listener) -> None:
    for priority in range(100, 210):
        listener.rule(priority, listener.elsewhere, Conditions=[path(f"/other/{priority}")])
    listener.rule(300)
    finding = look(run_check, listener)
    assert finding.signals == FINE
    assert finding.facts["rules"] == 112


def test_rules_that_could_not_be_read_leave_it_unknown(
    run_check: RunCheck, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for priority in range(100, 160):
        listener.rule(priority)
    monkeypatch.setattr(reading, "SECONDS", 0)
    finding = look(run_check, listener)
    assert finding.signals == UNKNOWN
    assert finding.summary == "unknown: only 50 rules could be read"


def test_no_such_listener_is_unknown(run_check: RunCheck, listener: Listener) -> None:
    with pytest.raises(NotFound, match=r"there is no listener of .*maisonganopa-alb.* on port 80 in me-central-1"):
        look(run_check, listener, port=80)


def test_no_such_load_balancer_is_unknown(run_check: RunCheck, listener: Listener) -> None:
    gone = f"{listener.arn.partition('/app/')[0]}/app/gone/1"
    with pytest.raises(NotFound, match=r"there is no load balancer .*/gone/1 in me-central-1"):
        look(run_check, listener, load_balancer=gone)
