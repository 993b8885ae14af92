import time
from contextvars import ContextVar
from itertools import count
from threading import Barrier
from types import SimpleNamespace

import pytest

from functions.core import each as module
from functions.core.each import AT_ONCE, each
from functions.core.listed import Listed

WHO = ContextVar("who", default="nobody")
NEVER = float("inf")


def test_answers_come_in_order_several_at_a_time() -> None:
    together = Barrier(AT_ONCE, timeout=20)

    def double(number: int) -> int:
        together.wait()
        return number * 2

    assert each(Listed(list(range(AT_ONCE * 2))), double, NEVER) == Listed([n * 2 for n in range(AT_ONCE * 2)])


def test_no_resource_has_no_answer() -> None:
    assert each(Listed[int]([]), abs, NEVER) == Listed([])
    assert each(Listed[int]([], whole=False), abs, NEVER) == Listed([], whole=False)


def test_of_a_list_that_was_cut_the_answers_are_not_all() -> None:
    assert each(Listed([-1], whole=False), abs, NEVER) == Listed([1], whole=False)


def test_when_the_time_is_over_no_more_calls_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, called = count(), list[int]()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    read = each(Listed(list(range(100))), called.append, 20)
    assert len(read.found) == len(called) == AT_ONCE + 20  # the first ones are asked in any case
    assert not read.whole


def test_what_one_call_raises_is_raised_and_ends_it() -> None:
    called = list[int]()

    def refuse(number: int) -> int:
        called.append(number)
        time.sleep(0.01)
        raise PermissionError(f"no {number}")

    with pytest.raises(PermissionError, match="no 0"):
        each(Listed(list(range(500))), refuse, NEVER)
    assert len(called) < 100


def test_calls_are_made_as_whoever_asked() -> None:
    before = WHO.set("me")
    try:
        assert each(Listed([1, 2, 3]), lambda _: WHO.get(), NEVER).found == ["me"] * 3
    finally:
        WHO.reset(before)
