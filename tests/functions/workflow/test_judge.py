from typing import Any

import pytest

from functions.workflow import judge
from statemachines import compiled
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, OF, RUNBOOK, World, findings


@pytest.fixture
def changed(world: World) -> World:
    """A world after a fix: health and webhook failed and no target was healthy before."""
    world.open()
    world.conclude(findings(*CLOSED_PORT))
    return world


def verdict(found: dict[str, Any], attempt: int | None = None) -> str:
    """Judge what the validating checks found; at the last attempt unless told otherwise."""
    runbook = compiled.read(RUNBOOK).runbook
    seen = {name: one for name, one in found.items() if name in runbook.validating}
    last = runbook.validation.attempts
    return str(judge.handler({**OF, "findings": seen, "attempt": last if attempt is None else attempt})["verdict"])


def test_when_every_signal_of_the_validation_is_false_it_is_fixed(changed: World) -> None:
    assert verdict(findings(), attempt=1) == "fixed"
    seen = "health was looked at; webhook was looked at; targets was looked at"
    assert changed.timeline[-1] == f"Validated, fixed: {seen}"


def test_a_verdict_is_kept_in_a_word_that_depends_on_no_language(
    changed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    verdict(findings("health.failing"), attempt=1)
    verdict(findings("health.failing"))
    verdict(findings())
    told = [line.get("verdict") for line in changed.incidents.timeline(INCIDENT)]
    assert [one for one in told if one] == ["not fixed", "fixed"]


@pytest.mark.usefixtures("changed")
def test_other_signals_of_the_same_checks_do_not_count() -> None:
    assert verdict(findings("targets.unhealthy-targets")) == "fixed"


@pytest.mark.parametrize("signal", ["health.failing", "webhook.failing", "targets.none-healthy"])
def test_before_the_last_attempt_it_waits(changed: World, signal: str) -> None:
    before = changed.timeline
    assert verdict(findings(signal), attempt=19) == "wait"
    assert verdict(findings(unknown=[signal]), attempt=19) == "wait"
    assert changed.timeline == before


@pytest.mark.parametrize("signal", ["health.failing", "webhook.failing", "targets.none-healthy"])
def test_at_the_last_attempt_it_is_not_fixed(changed: World, signal: str) -> None:
    assert verdict(findings(signal)) == "not fixed"
    assert changed.timeline[-1].startswith("Validated, not fixed: ")


@pytest.mark.usefixtures("changed")
def test_as_broken_as_before_is_not_worse() -> None:
    assert verdict(findings(*CLOSED_PORT)) == "not fixed"


def test_more_broken_than_before_is_worse(world: World) -> None:
    world.open()
    world.conclude(findings("health.failing", "firewall.port-closed"))
    assert verdict(findings("health.failing", "webhook.failing")) == "worse"


def test_what_only_the_plan_has_promised_is_missing_but_not_worse(world: World, rules: Rules) -> None:
    world.open()
    world.conclude(findings("health.failing", "firewall.port-closed"))
    validation = compiled.read(RUNBOOK).runbook.validation.model_copy(update={"with_": {"webhook": {}}})
    rules(runbook={"validation": validation})
    assert verdict(findings("health.failing", "webhook.failing")) == "not fixed"
    assert verdict(findings("webhook.failing")) == "not fixed"


@pytest.mark.parametrize("check", ["health", "webhook", "targets"])
def test_what_cannot_be_seen_is_unverifiable(changed: World, check: str) -> None:
    assert verdict(findings(failed=[check])) == "unverifiable"
    assert changed.timeline[-1].startswith("Validated, unverifiable: ")


@pytest.mark.usefixtures("changed")
def test_nothing_seen_at_all_is_unverifiable() -> None:
    assert verdict({}) == "unverifiable"


@pytest.mark.usefixtures("changed")
def test_what_is_known_to_be_broken_outweighs_what_is_unknown() -> None:
    assert verdict(findings("health.failing", failed=["targets"])) == "not fixed"


@pytest.mark.parametrize(("signals", "failed"), [((), ()), (CLOSED_PORT, ()), ((), ("health",))])
def test_after_an_undo_it_only_says_what_is_seen(
    changed: World, signals: tuple[str, ...], failed: tuple[str, ...]
) -> None:
    assert verdict(findings(*signals, failed=failed), attempt=0) == "undone"
    assert changed.timeline[-1].startswith("After the undo: ")
    assert changed.timeline[-1].endswith("webhook was looked at; targets was looked at")
