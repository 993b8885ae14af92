"""What holds for the plan of every runbook, whatever its checks found."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings

from functions.core.plan import Plan
from functions.core.template import fill
from statemachines import compiled
from statemachines.model import Runbook
from tests.functions import arbitrary
from tests.functions.arbitrary import (
    COUNT,
    FIXES,
    MOST,
    SERVICE,
    Answers,
    answers,
    findings,
    orders,
    proven,
    reordered,
    runbook_of,
    runbooks,
    signals,
)
from tests.functions.workflow.world import World

Change = tuple[str, dict[str, Any]]
TOO_MANY = {"confirmed_by": ["a.one"], "fix": [{"fix": FIXES[-1][0], "with": FIXES[-1][1], "before": "", "after": ""}]}
# every example concludes anew about the one open incident
of_one_incident = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)


class Concluding:
    """Concludes about an open incident by any runbook."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.patch = patch

    def __call__(self, runbook: Runbook, found: dict[str, Any]) -> dict[str, Any]:
        """Conclude; return what the chain is told."""
        self.patch.setattr(compiled, "read", lambda _: arbitrary.compiled(runbook))
        return self.world.conclude(found)

    @property
    def plan(self) -> Plan:
        """The plan that was concluded last."""
        return self.world.plan

    def changes(self, runbook: Runbook, known: Answers) -> list[Change]:
        """Conclude; return what would be changed, in order."""
        self(runbook, findings(known))
        return [(step.fix, step.parameters) for step in self.plan.steps]


@pytest.fixture
def conclude(world: World, monkeypatch: pytest.MonkeyPatch) -> Concluding:
    world.open()
    return Concluding(world, monkeypatch)


def changes_of(runbook: Runbook, known: Answers) -> list[Change]:
    """List the changes of the causes that the answers prove, each as often as a cause has it."""
    uses = [use for cause in runbook.causes if proven(cause, known) for use in cause.fix]
    return [(use.fix, fill(use.with_, SERVICE.resources.__getitem__)) for use in uses]


@of_one_incident
@given(runbooks, answers, orders)
def test_the_same_findings_in_any_order_are_the_same_plan(
    conclude: Concluding, runbook: Runbook, known: Answers, order: Random
) -> None:
    answer = conclude(runbook, findings(known))
    written = conclude.plan.model_dump_json()
    assert conclude(runbook, reordered(findings(known), order)) == answer
    assert conclude.plan.model_dump_json() == written


@of_one_incident
@given(runbooks, answers)
def test_the_plan_is_the_changes_of_the_proven_causes_and_no_others(
    conclude: Concluding, runbook: Runbook, known: Answers
) -> None:
    wanted = changes_of(runbook, known)
    assert conclude.changes(runbook, known) == [one for number, one in enumerate(wanted) if one not in wanted[:number]]


@of_one_incident
@given(runbooks, answers)
def test_the_same_change_stands_in_the_plan_once(conclude: Concluding, runbook: Runbook, known: Answers) -> None:
    planned = conclude.changes(runbook, known)
    assert all(planned.count(one) == 1 for one in planned)


@of_one_incident
@given(runbooks, answers)
def test_a_cause_that_is_not_proven_adds_nothing_to_the_plan(
    conclude: Concluding, runbook: Runbook, known: Answers
) -> None:
    digest = conclude(runbook, findings(known))["digest"]
    left = [cause for cause in runbook.causes if proven(cause, known)]
    assert conclude(runbook.model_copy(update={"causes": left}), findings(known))["digest"] == digest


@of_one_incident
@given(runbooks, answers, signals)
def test_knowing_less_never_adds_to_the_plan(
    conclude: Concluding, runbook: Runbook, known: Answers, forgotten: str
) -> None:
    more = conclude.changes(runbook, known)
    assert all(one in more for one in conclude.changes(runbook, known | {forgotten: None}))


@of_one_incident
@given(runbooks, answers)
@example(runbook_of([TOO_MANY], ["b.one"]), {"a.one": True, "b.one": False})
def test_the_chain_ends_as_healthy_only_where_all_is_known_to_be_well(
    conclude: Concluding, runbook: Runbook, known: Answers
) -> None:
    well = all(known.get(signal) is False for signal in runbook.validation.signals)
    assert (conclude(runbook, findings(known))["outcome"] == "healthy") == well


@of_one_incident
@given(runbooks, answers)
def test_a_plan_beyond_a_limit_is_never_proposed(conclude: Concluding, runbook: Runbook, known: Answers) -> None:
    answer = conclude(runbook, findings(known))
    beyond = any(step.parameters.get(COUNT, MOST) > MOST for step in conclude.plan.steps)
    assert not (beyond and answer["outcome"] == "plan")
    assert (answer["outcome"] == "limited") <= beyond


@of_one_incident
@given(runbooks, answers)
def test_the_digest_does_not_depend_on_what_else_the_checks_saw(
    conclude: Concluding, runbook: Runbook, known: Answers
) -> None:
    digest = conclude(runbook, findings(known, "looked at"))["digest"]
    assert conclude(runbook, findings(known, "seen an hour later"))["digest"] == digest
