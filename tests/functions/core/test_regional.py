import time
from contextvars import ContextVar
from threading import Barrier
from types import SimpleNamespace

import pytest

from functions.core import regional as module
from functions.core.listed import Listed
from functions.core.regional import AT_ONCE, each, flat, none, partly, proven

CALLER = ContextVar[str]("CALLER")


def test_of_each_something_is_read_in_their_order() -> None:
    def slower_first(number: int) -> int:
        time.sleep(0.01 * (number == 0))
        return -number

    assert each(Listed(list(range(50))), slower_first) == Listed([-number for number in range(50)])
    assert each(Listed[int]([], whole=False), abs) == Listed([], whole=False)


def test_several_are_read_at_a_time() -> None:
    all_there = Barrier(8, timeout=5)
    assert len(each(Listed(list(range(8))), lambda _: all_there.wait()).found) == 8


def test_what_is_not_begun_in_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "over", lambda _: 5.0)
    monkeypatch.setattr(module, "monotonic", lambda: 6.0)
    assert each(Listed(list(range(20))), abs) == Listed(list(range(AT_ONCE)), whole=False)
    assert each(Listed(list(range(AT_ONCE))), abs).whole


def test_the_time_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = SimpleNamespace(asked=[])
    monkeypatch.setattr(module, "over", lambda share: shares.asked.append(share) or 0.0)
    each(Listed([1]), abs, 3)
    assert shares.asked == [3]


def test_what_one_raises_is_raised_and_the_others_are_not_begun() -> None:
    begun = []

    def denied(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)
        raise PermissionError

    with pytest.raises(PermissionError):
        each(Listed(list(range(500))), denied)
    assert len(begun) < 50


def test_the_threads_know_for_whom_they_read() -> None:
    CALLER.set("the check")
    assert set(each(Listed(list(range(20))), lambda _: CALLER.get()).found) == {"the check"}


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


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Listed[int]([]), True),
        (Listed[int]([], whole=False), None),
        (Listed([1]), False),
        (Listed([1], whole=False), False),
    ],
)
def test_whether_there_is_nothing(found: Listed[int], *, said: bool | None) -> None:
    assert none(found) is said


def test_what_was_left_is_told() -> None:
    assert partly("3 queues", whole=True) == "3 queues"
    assert partly("3 queues", whole=False) == "3 queues; there are more than could be read"
