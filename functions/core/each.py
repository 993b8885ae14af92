"""One call for each of many resources: some at a time, and for a time only."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from functions.core.listed import Listed

AT_ONCE = 8

T = TypeVar("T")
R = TypeVar("R")


def each(resources: Listed[T], call: Callable[[T], R], end: float) -> Listed[R]:
    """Return what a call answers for each resource, in their order; where one raises, no more are made.

    Args:
        resources: where they are not all there are, neither are the answers.
        call: reads one of them.
        end: when no more calls are made, by the monotonic clock, but for the first few: see functions/core/reading.py.
    """

    def answers(number: int, one: T) -> list[R]:
        return [call(one)] if number < AT_ONCE or time.monotonic() < end else []

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        asked = [pool.submit(copy_context().run, answers, number, one) for number, one in enumerate(resources.found)]
        found = [answer for one in asked for answer in one.result()]
    finally:
        pool.shutdown(cancel_futures=True)
    return Listed(found, resources.whole and len(found) == len(resources.found))
