from typing import Any

import pytest
from pydantic import ValidationError

from functions.core.plan import Plan, Step

STEP: dict[str, Any] = {
    "fix": "open_security_group_port",
    "parameters": {"security_group": "sg-1", "port": 8000},
    "effect": "Opens the port",
    "before": "closed",
    "after": "open",
    "risk": "low",
    "radius": "Nobody notices",
    "undo": "Closes it",
}
OTHER = STEP | {"fix": "restore_desired_count"}
PLAN: dict[str, Any] = {
    "account": "123456789012",
    "region": "me-central-1",
    "service": "ganopa-bot",
    "runbook": "webhook_unavailable",
    "steps": [STEP, OTHER],
}


def digest(**other: Any) -> str:
    return Plan.model_validate(PLAN | other).digest


@pytest.mark.parametrize(
    "other",
    [
        {"account": "210987654321"},
        {"region": "eu-west-1"},
        {"service": "other"},
        {"runbook": "other"},
        {"steps": []},
        {"steps": [STEP]},
        {"steps": [OTHER, STEP]},
        {"steps": [STEP | {"fix": "attach_target_group"}, OTHER]},
        {"steps": [STEP | {"parameters": {"security_group": "sg-1", "port": 8001}}, OTHER]},
        {"steps": [STEP | {"parameters": {"security_group": "sg-1", "port": "8000"}}, OTHER]},
        {"steps": [STEP | {"parameters": {"security_group": "sg-1"}}, OTHER]},
        {"steps": [STEP, OTHER | {"rung": 1}]},
    ],
)
def test_another_effect_is_another_plan(other: dict[str, Any]) -> None:
    assert digest(**other) != digest()


def test_a_plan_says_after_how_many_steps_each_rung_is_made() -> None:
    def until(*rungs: int) -> list[int]:
        return Plan.model_validate(PLAN | {"steps": [STEP | {"rung": rung} for rung in rungs]}).until

    assert [until(0, 0), until(0, 1), until(0, 0, 1, 1, 2), until()] == [[2], [1, 2], [2, 4, 5], [0]]


def test_how_much_it_touches_is_said_and_is_no_effect() -> None:
    assert Step.model_validate(STEP).touches == 1
    assert digest(steps=[STEP | {"touches": 7}, OTHER]) == digest()


@pytest.mark.parametrize("field", ["effect", "before", "after", "radius", "undo"])
def test_other_words_are_the_same_plan(field: str) -> None:
    assert digest(steps=[STEP | {field: "in other words"}, OTHER]) == digest()


def test_another_risk_is_the_same_plan() -> None:
    assert digest(steps=[STEP | {"risk": "high"}, OTHER]) == digest()


@pytest.mark.parametrize(
    ("risks", "highest"),
    [((), "low"), (("low", "low"), "low"), (("low", "medium"), "medium"), (("high", "medium", "low"), "high")],
)
def test_a_plan_is_as_risky_as_its_riskiest_step(risks: tuple[str, ...], highest: str) -> None:
    assert Plan.model_validate(PLAN | {"steps": [STEP | {"risk": risk} for risk in risks]}).risk == highest


def test_the_order_of_parameters_does_not_matter() -> None:
    turned = dict(reversed(STEP["parameters"].items()))
    assert digest(steps=[STEP | {"parameters": turned}, OTHER]) == digest()


def test_a_plan_read_again_is_the_same() -> None:
    plan = Plan.model_validate(PLAN)
    assert Plan.model_validate_json(plan.model_dump_json()).digest == plan.digest


def test_the_same_change() -> None:
    step = Step.model_validate(STEP)
    assert step.same_change(Step.model_validate(STEP | {"before": "in other words"}))
    assert not step.same_change(Step.model_validate(OTHER))
    assert not step.same_change(Step.model_validate(STEP | {"parameters": {}}))


def test_nothing_rides_along() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Plan.model_validate(PLAN | {"extra": 1})
    with pytest.raises(ValidationError, match="extra"):
        Step.model_validate(STEP | {"extra": 1})
