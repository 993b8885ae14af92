"""What checks share that look at all of one kind in a region, and what may be said of what they read in time."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from time import monotonic
from typing import TypeVar

from functions.core.fields import Region
from functions.core.language import say
from functions.core.listed import Listed
from functions.core.reading import over
from functions.core.results import Parameters

AT_ONCE = 8

T = TypeVar("T")
R = TypeVar("R")


class Named(Parameters):
    """A region, and a word that is in the names of what is meant there; "" for all."""

    region: Region
    named: str


def each(these: Listed[T], read: Callable[[T], R], share: int = 1) -> Listed[R]:
    """Read something of each of them, several at a time; what is not begun when the time is over, is left.

    Args:
        these: what to read something of; what was left of them is left here too.
        read: makes the calls for one of them; what it raises is raised.
        share: as of functions/core/listed.py.
    """
    end = over(share)
    # the threads know what this one does, as for whom a call is made
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [
            pool.submit(copy_context().run, _begun, read, one, float("inf") if number < AT_ONCE else end)
            for number, one in enumerate(these.found)
        ]
        wait(asked, return_when=FIRST_EXCEPTION)
        pool.shutdown(cancel_futures=True)
    read_ = [one for future in asked if not future.cancelled() for one in future.result()]
    return Listed(read_, whole=these.whole and len(read_) == len(asked))


def _begun(read: Callable[[T], R], one: T, end: float) -> list[R]:
    return [read(one)] if monotonic() < end else []


def flat(lists: Listed[Listed[T]]) -> Listed[T]:
    """Make one list of several."""
    return Listed(
        [one for inner in lists.found for one in inner.found], lists.whole and all(i.whole for i in lists.found)
    )


def proven(answers: Sequence[bool | None], *, whole: bool) -> bool | None:
    """Say whether one of them is so, of which some may be unknown, and some not read."""
    if any(answers):
        return True
    return False if whole and None not in answers else None


def none(found: Listed[T]) -> bool | None:
    """Say whether there is nothing of the kind; unknown where nothing was read, and not all was."""
    return not found.found if found.found or found.whole else None


def partly(told: str, *, whole: bool) -> str:
    """Add to a text, where it is so, that there is more than was read."""
    return told if whole else say("{told}; there are more than could be read", told=told)
