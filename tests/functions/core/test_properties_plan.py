"""What holds for the digest of every plan: it stands for the plan's effects, for all of them, and for nothing else."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from functions.core.plan import RISKS, Plan, Step
from tests.functions.arbitrary import orders, plans, reordered, steps, texts, values

Document = dict[str, Any]
IDENTITY = ("account", "region", "service", "runbook")
WORDS = ("effect", "before", "after", "radius", "undo")
EMPTY: Document = {**dict.fromkeys(IDENTITY, ""), "steps": []}
START: Document = {"fix": "start", "parameters": {"count": 1}, **dict.fromkeys(WORDS, ""), "risk": "low"}

plans_with_steps = plans.filter(lambda plan: bool(plan["steps"]))


def digest(plan: Document) -> str:
    return Plan.model_validate(plan).digest


def written(value: Any) -> str:
    """Write a value as a plan is stored, where 1, 1.0 and true are three values."""
    return json.dumps(value, sort_keys=True)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """List every place inside of a value, as what it is in and its key there."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def place_of_a_parameter(plan: Document, data: st.DataObject) -> tuple[Any, Any]:
    found = [place for step in plan["steps"] for place in places(step["parameters"])]
    assume(found)
    place: tuple[Any, Any] = data.draw(st.sampled_from(found))
    return place


@given(plans, orders)
def test_the_digest_is_the_same_in_any_order_of_keys(plan: Document, order: Random) -> None:
    assert digest(reordered(plan, order)) == digest(plan)


@given(plans, st.data())
def test_the_digest_is_the_same_in_any_words(plan: Document, data: st.DataObject) -> None:
    words = st.fixed_dictionaries({**dict.fromkeys(WORDS, texts), "risk": st.sampled_from(RISKS)})
    assert digest(plan | {"steps": [step | data.draw(words) for step in plan["steps"]]}) == digest(plan)


@given(plans)
def test_a_plan_read_again_is_the_same_plan(plan: Document) -> None:
    assert Plan.model_validate_json(Plan.model_validate(plan).model_dump_json()).digest == digest(plan)


@given(plans, st.fixed_dictionaries({}, optional=dict.fromkeys(IDENTITY, texts)))
@example(EMPTY | {"account": "12", "region": "3"}, {"account": "1", "region": "23"})
def test_another_target_is_another_plan(plan: Document, other: dict[str, str]) -> None:
    assume(plan | other != plan)
    assert digest(plan | other) != digest(plan)


@given(plans_with_steps, texts, st.data())
def test_another_fix_is_another_plan(plan: Document, other: str, data: st.DataObject) -> None:
    changed = deepcopy(plan)
    step = data.draw(st.sampled_from(changed["steps"]))
    assume(step["fix"] != other)
    step["fix"] = other
    assert digest(changed) != digest(plan)


@given(plans_with_steps, values, st.data())
def test_another_value_of_a_parameter_is_another_plan(plan: Document, other: Any, data: st.DataObject) -> None:
    """However deep inside of it."""
    changed = deepcopy(plan)
    inside, key = place_of_a_parameter(changed, data)
    inside[key] = other
    assume(written(changed) != written(plan))
    assert digest(changed) != digest(plan)


@given(plans_with_steps, st.data())
def test_a_parameter_more_or_less_is_another_plan(plan: Document, data: st.DataObject) -> None:
    changed = deepcopy(plan)
    inside, key = place_of_a_parameter(changed, data)
    del inside[key]
    assert digest(changed) != digest(plan)


@given(plans, steps, st.data())
def test_a_step_more_or_less_is_another_plan(plan: Document, step: Document, data: st.DataObject) -> None:
    where = data.draw(st.integers(0, len(plan["steps"])))
    more = [*plan["steps"][:where], step, *plan["steps"][where:]]
    assert digest(plan | {"steps": more}) != digest(plan)


@given(plans, st.data())
def test_the_same_steps_in_another_order_are_another_plan(plan: Document, data: st.DataObject) -> None:
    changed = data.draw(st.permutations(plan["steps"]))
    effects = [[(step["fix"], step["parameters"]) for step in one] for one in (changed, plan["steps"])]
    assume(written(effects[0]) != written(effects[1]))
    assert digest(plan | {"steps": changed}) != digest(plan)


@given(steps, steps)
@example(START, START | {"effect": "in other words"})
@example(START, START | {"parameters": {"count": True}})
@example(START, START | {"parameters": {"count": 1.0}})
def test_two_steps_are_the_same_change_where_their_digest_is_the_same(one: Document, other: Document) -> None:
    same = Step.model_validate(one).same_change(Step.model_validate(other))
    assert same == (digest(EMPTY | {"steps": [one]}) == digest(EMPTY | {"steps": [other]}))
