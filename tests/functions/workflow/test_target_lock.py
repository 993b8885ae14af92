import time

import pytest

from functions.core.incidents import Incidents
from functions.workflow import target_lock
from functions.workflow.target_lock import TargetLocked
from tests.functions.workflow.world import RUNBOOK, World

TARGET = "target#ganopa-bot"


def lock(incident: str, action: str = "acquire") -> bool:
    """Acquire or release as an incident."""
    return bool(target_lock.handler({"incident": incident, "runbook": RUNBOOK, "action": action})["locked"])


def holder(world: World) -> str | None:
    """Say who holds the lock."""
    held = world.incidents.get(TARGET, "lock")
    return held["holder"] if held else None


def test_the_first_incident_gets_the_lock_for_an_hour(world: World) -> None:
    assert lock("one")
    assert holder(world) == "one"
    held = world.incidents.get(TARGET, "lock")
    assert held
    assert abs(held["until"] - time.time() - 3600) < 5


def test_a_second_incident_has_to_wait(world: World) -> None:
    lock("one")
    with pytest.raises(TargetLocked, match="target#ganopa-bot is being changed by incident one"):
        lock("two")
    assert holder(world) == "one"


def test_acquiring_again_extends_the_lock(world: World) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": 1})
    assert lock("one")
    held = world.incidents.get(TARGET, "lock")
    assert held
    assert held["until"] > time.time()


def test_a_lock_that_a_crash_left_behind_is_taken_over(world: World) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": int(time.time()) - 1})
    assert lock("two")
    assert holder(world) == "two"


def test_of_two_that_take_over_one_gets_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": 1})
    get = Incidents.get

    def overtaken(incidents: Incidents, *key: str) -> object:
        held = get(incidents, *key)
        monkeypatch.setattr(Incidents, "get", get)
        lock("three")
        return held

    monkeypatch.setattr(Incidents, "get", overtaken)
    with pytest.raises(TargetLocked, match="was locked by another incident just now"):
        lock("two")
    assert holder(world) == "three"


def test_of_two_that_come_first_one_gets_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lock("one")
    with monkeypatch.context() as early:
        early.setattr(Incidents, "get", lambda *_: None)
        with pytest.raises(TargetLocked):
            lock("two")
    assert holder(world) == "one"


def test_only_the_holder_releases(world: World) -> None:
    lock("one")
    assert not lock("two", "release")
    assert holder(world) == "one"
    assert not lock("one", "release")
    assert holder(world) is None


@pytest.mark.usefixtures("world")
def test_releasing_again_does_nothing() -> None:
    lock("one")
    lock("one", "release")
    assert not lock("one", "release")
    assert lock("two")


def test_another_action_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="'acquire' or 'release'"):
        lock("one", "steal")
    assert holder(world) is None
