"""What every fix is tested for that looks at a host before it starts anything."""

from typing import Any

import pytest

from functions.core import hosts
from functions.core.fix import Fix
from functions.core.hosts import HostTrouble
from tests.functions.conftest import StartFix
from tests.functions.hosts import Systems


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Tell the time, in seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch, handler: Fix, **given: Any
) -> None:
    """Let the host never answer: the look is cancelled in its time, and nothing is started."""
    monkeypatch.setattr(hosts, "time", Clock())
    systems.stays("InProgress")
    with pytest.raises(HostTrouble, match="does not end in its time"):
        start_fix(handler, **given)
    assert len(systems.called("CancelCommand")) == 1
    assert all(name.startswith("look_") for name in systems.sent)
