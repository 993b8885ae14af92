import time
from typing import Any

import pytest

from functions.core.incidents import Incidents
from functions.workflow import target_lock
from functions.workflow.target_lock import HELD_SECONDS, TargetLocked
from tests.functions.workflow.world import RUNBOOK, World

TARGET = "target#ganopa-bot"


def lock(incident: str, action: str = "acquire") -> int:
    """Acquire or release as an incident; return the lock's number."""
    return int(target_lock.handler({"incident": incident, "runbook": RUNBOOK, "action": action})["lock"])


def held(world: World) -> dict[str, Any]:
    """Read the lock."""
    return world.incidents.get(TARGET, "lock") or {}


def state(world: World) -> tuple[str, int]:
    """Say who holds the lock, under which number."""
    return held(world)["holder"], held(world)["token"]


def test_the_first_incident_gets_the_lock_for_an_hour(world: World) -> None:
    assert lock("one") == 1
    assert state(world) == ("one", 1)
    assert abs(held(world)["until"] - time.time() - HELD_SECONDS) < 5


def test_a_second_incident_has_to_wait(world: World) -> None:
    lock("one")
    with pytest.raises(TargetLocked, match="ganopa-bot is being changed by incident one"):
        lock("two")
    assert state(world) == ("one", 1)


def test_acquiring_again_extends_the_lock_under_the_same_number(world: World) -> None:
    """The state was retried, because its answer got lost: nobody else has had the lock in between."""
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": int(time.time()) + 5})
    assert lock("one") == 1
    assert abs(held(world)["until"] - time.time() - HELD_SECONDS) < 5


def test_acquiring_again_after_it_has_expired_is_another_lock(world: World) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": 1})
    assert lock("one") == 2
    assert state(world) == ("one", 2)
    assert held(world)["until"] > time.time()


def test_each_time_it_is_taken_it_has_a_higher_number(world: World) -> None:
    numbers = []
    for incident in ("one", "two", "one", "three"):
        numbers.append(lock(incident))
        lock(incident, "release")
    assert numbers == [1, 2, 3, 4]
    assert state(world) == ("", 4)


def test_a_lock_that_a_crash_left_behind_is_taken_over_under_a_new_number(world: World) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": int(time.time()) - 1})
    assert lock("two") == 2
    assert state(world) == ("two", 2)


def test_who_lost_the_lock_releases_nothing(world: World) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", {"until": 1})
    lock("two")
    assert lock("one", "release") == 0
    assert state(world) == ("two", 2)


@pytest.mark.parametrize("left", [{"until": 1}, {"holder": "", "until": 0}])
def test_of_two_that_take_over_one_gets_it(world: World, monkeypatch: pytest.MonkeyPatch, left: dict[str, Any]) -> None:
    lock("one")
    world.incidents.update(TARGET, "lock", left)
    get = Incidents.get

    def overtaken(incidents: Incidents, *key: str) -> object:
        found = get(incidents, *key)
        monkeypatch.setattr(Incidents, "get", get)
        lock("three")
        return found

    monkeypatch.setattr(Incidents, "get", overtaken)
    with pytest.raises(TargetLocked, match="ganopa-bot was locked by another incident just now"):
        lock("two")
    assert state(world) == ("three", 2)


def test_a_number_is_never_given_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and taking, others take the lock and give it back: it looks the same, and is not."""
    lock("one")
    lock("one", "release")
    get = Incidents.get

    def overtaken(incidents: Incidents, *key: str) -> object:
        found = get(incidents, *key)
        monkeypatch.setattr(Incidents, "get", get)
        assert lock("three") == 2
        lock("three", "release")
        return found

    monkeypatch.setattr(Incidents, "get", overtaken)
    with pytest.raises(TargetLocked, match="ganopa-bot was locked by another incident just now"):
        lock("two")
    assert state(world) == ("", 2)


def test_of_two_that_come_first_one_gets_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lock("one")
    with monkeypatch.context() as early:
        early.setattr(Incidents, "get", lambda *_: None)
        with pytest.raises(TargetLocked, match="ganopa-bot was locked by another incident just now"):
            lock("two")
    assert state(world) == ("one", 1)


def test_only_the_holder_releases(world: World) -> None:
    lock("one")
    assert lock("two", "release") == 0
    assert state(world) == ("one", 1)
    assert lock("one", "release") == 0
    assert state(world) == ("", 1)


def test_releasing_again_or_before_does_nothing(world: World) -> None:
    assert lock("one", "release") == 0
    assert held(world) == {}
    lock("one")
    for _ in range(2):
        assert lock("one", "release") == 0
    assert lock("two") == 2


def test_another_action_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="'acquire' or 'release'"):
        lock("one", "steal")
    assert held(world) == {}
