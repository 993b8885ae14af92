from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from functions.core import listed as module
from functions.core.listed import Listed, flat, listed, proven, told


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds; reading may take five of them."""
    now = [0.0]
    monkeypatch.setattr(module, "over", lambda share: now[0] + 5 / share)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def pages(clock: list[float], count: int) -> Iterator[list[int]]:
    """Give so many pages, of two each, a second apart."""
    for number in range(count):
        clock[0] += 1
        yield [number, number]


@pytest.mark.parametrize(
    ("count", "share", "read", "whole"),
    [(0, 1, 0, True), (3, 1, 6, True), (5, 1, 10, True), (9, 1, 10, False), (9, 5, 2, False)],
)
def test_it_reads_for_a_time(clock: list[float], count: int, share: int, read: int, *, whole: bool) -> None:
    found = listed(pages(clock, count), list, share)
    assert (len(found.found), found.whole) == (read, whole)


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (Listed([1, 2]), False),
        (Listed([1, 5]), True),
        (Listed([1, 5], whole=False), True),
        (Listed([1, 2], whole=False), None),
        (Listed[int]([]), False),
    ],
)
def test_of_a_list_that_was_cut_only_what_was_seen_is_known(found: Listed[int], *, answer: bool | None) -> None:
    assert found.any(lambda number: number > 4) is answer


@pytest.mark.parametrize(("found", "answer"), [([1, 5], True), ([1, 5, 9], True), ([1, 9], None), ([1], False)])
def test_what_is_unknown_of_one_is_unknown_of_all(found: list[int], *, answer: bool | None) -> None:
    assert Listed(found).any(lambda number: None if number == 9 else number > 4) is answer


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (Listed([1]), False),
        (Listed([1], whole=False), False),
        (Listed[int]([]), True),
        (Listed[int]([], whole=False), None),
    ],
)
def test_that_there_is_none_is_known_of_a_whole_list_only(found: Listed[int], *, answer: bool | None) -> None:
    assert found.none is answer


@pytest.mark.parametrize(
    ("lists", "one"),
    [
        (Listed[Listed[int]]([]), Listed([])),
        (Listed([Listed([1]), Listed([2, 3])]), Listed([1, 2, 3])),
        (Listed([Listed([1], whole=False), Listed([2])]), Listed([1, 2], whole=False)),
        (Listed([Listed([1])], whole=False), Listed([1], whole=False)),
    ],
)
def test_lists_in_a_list(lists: Listed[Listed[int]], one: Listed[int]) -> None:
    assert flat(lists) == one


@pytest.mark.parametrize(
    ("answers", "whole", "said"),
    [
        ([], True, False),
        ([], False, None),
        ([False], True, False),
        ([False], False, None),
        ([False, None], True, None),
        ([None, True], False, True),
    ],
)
def test_only_what_was_seen_is_proven(answers: list[bool | None], *, whole: bool, said: bool | None) -> None:
    assert proven(answers, whole=whole) is said


def test_what_was_left_is_told() -> None:
    assert told("3 queues", whole=True) == "3 queues"
    assert told("3 queues", whole=False) == "3 queues; there is more than could be read"
