from datetime import UTC, datetime, timedelta

import pytest

from functions.core.judged import Verdict
from functions.core.listed import Listed
from functions.core.snapshots import Snapshot, newest, recent

NOW = datetime.now(UTC)


def taken(*days: float | None, whole: bool = True) -> Listed[Snapshot]:
    """Snapshots of one resource, so many days old (None: not told), and a new one of another."""
    own = [Snapshot("a", None if age is None else NOW - timedelta(days=age)) for age in days]
    return Listed([*own, Snapshot("b", NOW)], whole)


@pytest.mark.parametrize(
    ("read", "verdict"),
    [
        (taken(), False),
        (taken(1.9), True),
        (taken(9, 1.9, 8), True),
        (taken(2.1), False),
        (taken(2.1, whole=False), None),
        (taken(1, whole=False), True),
        (taken(9, None), None),
        (taken(None, 1), True),
    ],
)
def test_old_and_recent_both_need_proof(read: Listed[Snapshot], *, verdict: Verdict) -> None:
    assert recent(read, ["a"], days=2) is verdict


def test_the_newest_is_told() -> None:
    day = datetime(2025, 11, 1, 8, 30, tzinfo=UTC)
    read = Listed([Snapshot("a", day - timedelta(days=2)), Snapshot("a", day), Snapshot("b", NOW)])
    assert newest(read, ["a"]) == "newest snapshot of 2025-11-01 08:30"
    assert newest(taken(), ["a"]) == "no snapshot"
    assert newest(taken(None), ["a"]) == "a snapshot of an unknown time"
