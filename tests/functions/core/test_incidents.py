import re
import time

import pytest

from functions.core.incidents import KEEP_DAYS, Conflict, now
from tests.functions.workflow.world import World


def test_what_was_created_is_read_back_as_it_was(world: World) -> None:
    values = {"text": "é", "number": 3, "flag": True, "nothing": None, "list": [1, {"a": "b"}], "empty": ""}
    world.incidents.create("i", "record", values)
    stored = world.incidents.get("i") or {}
    expires = stored.pop("expires")
    assert stored == {"incident": "i", "item": "record", **values}
    assert isinstance(stored["number"], int)
    assert abs(expires - time.time() - KEEP_DAYS * 86_400) < 5


def test_what_is_not_there_is_none(world: World) -> None:
    assert world.incidents.get("i") is None


def test_an_item_is_created_once(world: World) -> None:
    world.incidents.create("i", "record", {"first": True})
    with pytest.raises(Conflict, match="i record") as refused:
        world.incidents.create("i", "record", {"first": False})
    assert refused.value.found == world.incidents.get("i")
    assert refused.value.found["first"] is True


def test_an_update_wants_an_item(world: World) -> None:
    with pytest.raises(Conflict):
        world.incidents.update("i", "record", {"state": "closed"})
    assert world.items == []


def test_an_update_wants_the_expected_values(world: World) -> None:
    world.incidents.create("i", "record", {"state": "open", "size": 1})
    world.incidents.update("i", "record", {"state": "closed", "size": 2}, state="open")
    with pytest.raises(Conflict):
        world.incidents.update("i", "record", {"size": 3}, state="open")
    stored = world.incidents.get("i") or {}
    assert (stored["state"], stored["size"]) == ("closed", 2)


def test_a_deletion_wants_the_expected_values(world: World) -> None:
    world.incidents.create("i", "lock", {"holder": "one"})
    with pytest.raises(Conflict):
        world.incidents.delete("i", "lock", holder="two")
    world.incidents.delete("i", "lock", holder="one")
    with pytest.raises(Conflict):
        world.incidents.delete("i", "lock", holder="one")
    assert world.items == []


def test_what_is_told_twice_is_counted_once(world: World) -> None:
    told = [world.incidents.tally("i", "occurrences", once, {"last": once}) for once in ("a", "b", "a", "b", "c")]
    assert told == [True, True, False, False, True]
    stored = world.incidents.get("i", "occurrences") or {}
    assert (stored["count"], stored["last"]) == (3, "c")
    assert abs(stored["expires"] - time.time() - KEEP_DAYS * 86_400) < 5


def test_the_timeline_is_the_incidents_own_in_order(world: World) -> None:
    for text in ("first", "second", "third"):
        world.incidents.note("i", text)
        time.sleep(0.002)
    world.incidents.note("j", "another incident")
    world.incidents.create("i", "record", {})
    assert [line["text"] for line in world.incidents.timeline("i")] == ["first", "second", "third"]


def test_two_notes_in_the_same_millisecond_are_both_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.core.incidents.now", lambda: "2026-11-21T08:00:00.000+00:00")
    world.incidents.note("i", "one")
    world.incidents.note("i", "other")
    assert {line["text"] for line in world.incidents.timeline("i")} == {"one", "other"}


def test_a_history_longer_than_a_page_is_read_whole(world: World) -> None:
    for number in range(6):
        world.incidents.create("i", f"event#{number}", {"text": "x" * 250_000, "at": str(number)})
    assert [line["at"] for line in world.incidents.timeline("i")] == list("012345")


def test_the_time_is_utc_and_sorts_as_text() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", now())
