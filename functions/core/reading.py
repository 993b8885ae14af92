"""Reading what may have no end, for a time only; the caller tells what was left."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from functions.core.language import say

# A check has 20, an audit's 120: a call that hangs at the end of these still has time to time out, and to be retried
SECONDS = float(os.environ.get("READING_SECONDS", "5"))

T = TypeVar("T")


def over(share: int = 1) -> float:
    """Return when the time for reading is over, or a share of it that begins now, by the monotonic clock."""
    return time.monotonic() + SECONDS / share


def until(end: float, pages: Iterable[T]) -> Iterator[T]:
    """Give one page after another, the first in any case, and none that is asked for after the end."""
    for page in pages:
        yield page
        if time.monotonic() >= end:
            return


def in_time(pages: Iterable[T], share: int = 1) -> Iterator[T]:
    """Give one page after another, the first in any case, and none that is asked for when the time is over.

    Who reads several things one after the other divides the time: `share` is how many they are.
    """
    return until(over(share), pages)


def within(seconds: float, call: Callable[[], T]) -> T:
    """Call a function that has no deadline of its own, and leave it behind when it takes longer.

    Raises:
        TimeoutError: when it does.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        answer = pool.submit(call)
        if not wait([answer], seconds).done:
            raise TimeoutError(say("not done within {seconds} s", seconds=seconds))
        return answer.result()
    finally:
        pool.shutdown(wait=False)
