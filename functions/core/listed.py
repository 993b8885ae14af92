"""Lists of an account that may have no end, read for a time only; and what may be said of a list that was cut."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from functions.core.language import say
from functions.core.reading import over

T = TypeVar("T")


class Listed(NamedTuple, Generic[T]):
    """What was read, and whether that is all there is."""

    found: list[T]
    whole: bool = True

    def any(self, wrong: Callable[[T], bool | None]) -> bool | None:
        """Say whether one of them is so; unknown where none was, and not all were read or one is unknown itself."""
        return proven([wrong(one) for one in self.found], whole=self.whole)

    @property
    def none(self) -> bool | None:
        """Say whether there is none; unknown where none was seen, and not all were read."""
        return False if self.found else self.whole or None


def flat(lists: Listed[Listed[T]]) -> Listed[T]:
    """Make one list of several."""
    found = [one for inner in lists.found for one in inner.found]
    return Listed(found, lists.whole and all(inner.whole for inner in lists.found))


def listed(pages: Iterable[Any], read: Callable[[Any], Iterable[T]], share: int = 1) -> Listed[T]:
    """Read pages for a time, or a share of it: see functions/core/reading.py.

    Args:
        pages: as a paginator gives them.
        read: returns what is on a page.
        share: how many lists are read one after the other.
    """
    end, found, rest = over(share), list[T](), iter(pages)
    for page in rest:
        found += read(page)
        if time.monotonic() >= end:
            return Listed(found, whole=next(rest, None) is None)
    return Listed(found)


def proven(answers: Sequence[bool | None], *, whole: bool) -> bool | None:
    """Say whether one of them is so, of which some may be unknown, and some not read."""
    if any(answers):
        return True
    return False if whole and None not in answers else None


def told(text: str, *, whole: bool) -> str:
    """Add to a text that there is more than it counts in, where that is so."""
    return text if whole else say("{told}; there is more than could be read", told=text)
