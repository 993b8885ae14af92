"""Arbitrary runbooks, findings and plans: what has to hold has to hold for all of them."""

from random import Random
from typing import Any

from hypothesis import strategies as st

from statemachines import compile as compiling
from statemachines import load
from statemachines.compiled import Compiled
from statemachines.model import Cause, Runbook, Service

COUNT, MOST = "desired_count", 1
SERVICE = Service.model_validate(
    load.services()["ganopa-bot"].model_dump()
    | {"limits": {"restore_desired_count": {"bounds": {COUNT: {"most": MOST}}}}}
)
Answers = dict[str, bool | None]  # by signal; one that is left out was never answered

QUESTIONS = {check: {"one": f"{check} asks one", "two": f"{check} asks two"} for check in "abc"}
SIGNALS = [f"{check}.{question}" for check, questions in QUESTIONS.items() for question in questions]
PLACE = {"cluster": "{cluster}", "service": "{ecs_service}"}
FIXES: list[tuple[str, dict[str, Any]]] = [
    ("force_new_deployment", PLACE),
    ("restore_desired_count", PLACE | {COUNT: MOST}),
    ("restore_desired_count", PLACE | {COUNT: "{desired_count}"}),  # the same as the one above
    ("restore_desired_count", PLACE | {COUNT: MOST + 1}),
]

answers: st.SearchStrategy[Answers] = st.fixed_dictionaries(
    {}, optional={signal: st.sampled_from([True, True, False, None]) for signal in SIGNALS}
)
signals = st.sampled_from(SIGNALS)
orders = st.randoms(use_true_random=False)
words = st.sampled_from(["as it was", "{a.fact}", "{cluster}"])
some_signals = st.lists(signals, max_size=2, unique=True)
uses = st.builds(
    lambda fix, before, after: {"fix": fix[0], "with": fix[1], "before": before, "after": after},
    st.sampled_from(FIXES),
    words,
    words,
)
causes = st.fixed_dictionaries(
    {
        "confirmed_by": st.lists(signals, min_size=1, max_size=2, unique=True),
        "supported_by": some_signals,
        "ruled_out_by": some_signals,
        "fix": st.lists(uses, max_size=2),
    }
)


def runbook_of(found: list[dict[str, Any]], validation: list[str]) -> Runbook:
    """Write a runbook of these causes, which get their names, and manual instructions where they have no fix."""
    named = [
        {"name": f"cause-{number}", "title": f"Cause {number}", "manual": "" if cause.get("fix") else "{b.fact}"}
        | cause
        for number, cause in enumerate(found)
    ]
    checks: dict[str, Any] = {name: {"check": "http_endpoint", "with": {}} for name in QUESTIONS}
    return Runbook.model_validate(
        {
            "name": "any",
            "title": "Any",
            "source": "here",
            "symptoms": [],
            "checks": checks,
            "causes": named,
            "validation": {"signals": validation, "every": 1, "attempts": 1},
        }
    )


runbooks = st.builds(
    runbook_of, st.lists(causes, min_size=1, max_size=5), st.lists(signals, min_size=1, max_size=3, unique=True)
)


def compiled(runbook: Runbook) -> Compiled:
    """Give a runbook to a service that may run MOST tasks."""
    return compiling.compiled(SERVICE, runbook).model_copy(update={"questions": QUESTIONS})


def findings(known: Answers, seen: str = "looked at") -> dict[str, Any]:
    """Write what the checks found, as the state machine gathers it; a check that knows nothing has failed."""
    return {
        check: {
            "summary": f"{check} {seen}",
            "signals": {signal[2:]: answer for signal, answer in known.items() if signal[0] == check},
            "facts": {"fact": seen, "other": len(seen)},
            "evidence": [f"{seen} at noon"],
        }
        if any(signal[0] == check for signal in known)
        else {"error": "TimeoutError", "cause": seen}
        for check in QUESTIONS
    }


def proven(cause: Cause, known: Answers) -> bool:
    """Say whether the answers prove a cause."""
    return all(known.get(signal) is True for signal in cause.confirmed_by) and all(
        known.get(signal) is False for signal in cause.ruled_out_by
    )


def reordered(value: Any, order: Random) -> Any:
    """Write the same value again, with the keys of every dictionary inside of it in another order."""
    if isinstance(value, list):
        return [reordered(one, order) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: reordered(value[key], order) for key in order.sample(list(value), len(value))}


texts = st.text(max_size=5)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
steps = st.fixed_dictionaries(
    {
        "fix": texts,
        "parameters": st.dictionaries(texts, values, max_size=3),
        "effect": texts,
        "before": texts,
        "after": texts,
        "risk": st.sampled_from(["low", "medium", "high"]),
        "radius": texts,
        "undo": st.none() | texts,
    }
)
plans = st.fixed_dictionaries(
    {"account": texts, "region": texts, "service": texts, "runbook": texts, "steps": st.lists(steps, max_size=3)}
)
