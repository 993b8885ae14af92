"""The steps' world serves here too: an empty incident table, and the way to an approved plan under a lock."""

from collections.abc import Callable

import pytest

from functions.core import catalogue
from tests.functions.core.recorded import FIX, OTHER_FIX, Recorded
from tests.functions.workflow.conftest import (
    answers,
    environment,
    package,
    packages,
    recorded,
    requests,
    rules,
    session,
    trail,
    world,
)
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import CLOSED_PORT, World

__all__ = [
    "answers",
    "environment",
    "package",
    "packages",
    "recorded",
    "requests",
    "rules",
    "session",
    "trail",
    "world",
]

Record = Callable[[str], Recorded]


@pytest.fixture
def record(world: World, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Replace what a fix does."""

    def replace(name: str) -> Recorded:
        replaced = Recorded(catalogue.fixes()[name], world.incidents)
        monkeypatch.setattr(replaced.fix, "session", world.aws)
        monkeypatch.setattr(replaced.fix, "body", replaced.apply)
        monkeypatch.setattr(replaced.fix, "revert", replaced.revert)
        return replaced

    return replace


@pytest.fixture
def fix(record: Record) -> Recorded:
    """The fix that opens a port."""
    return record(FIX)


@pytest.fixture
def approved(world: World) -> World:
    """A world with an approved plan of two steps, open the port and correct the health check, and the lock number 1."""
    approve(world, world.ask(*CLOSED_PORT, "probe.mismatch")[0].link)
    assert [step.fix for step in world.plan.steps] == [FIX, OTHER_FIX]
    assert world.lock() == 1
    return world
