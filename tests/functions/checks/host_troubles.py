"""Every trouble of a host, as a check has to tell it."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.core import hosts
from functions.core.check import Check
from tests.functions.conftest import RunCheck
from tests.functions.hosts import Systems

FINE: list[dict[str, Any]] = [{"Status": "Success", "ResponseCode": 0}]


def _offline(systems: Systems) -> None:
    systems.ping = "ConnectionLost"


def _silent(systems: Systems) -> None:
    systems.stays("Pending")


def _refused(systems: Systems) -> None:
    systems.errors = {"SendCommand": ("InvalidDocument", "there is none")}


def _truncated(systems: Systems) -> None:
    systems.said = dict.fromkeys(systems.said, "x" * 24_000)


def _failed(systems: Systems) -> None:
    systems.fails(14, "no such file")


def _docker(systems: Systems) -> None:
    systems.fails(69, "docker does not answer")


def _slow(systems: Systems) -> None:
    systems.stays("InProgress")


TROUBLES: dict[str, Callable[[Systems], None]] = {
    "offline": _offline,
    "agent-silent": _silent,
    "refused": _refused,
    "failed": _failed,
    "docker-silent": _docker,
    "too-slow": _slow,
    "truncated": _truncated,  # the last one, as it leaves nothing of what was said
}


def tells_every_trouble(run_check: RunCheck, systems: Systems, handler: Check, **parameters: Any) -> None:
    """Let a check meet each trouble; it says which, and knows nothing else."""
    assert set(TROUBLES) < set(handler.signals)
    for kind, happens in TROUBLES.items():
        systems.ping, systems.errors, systems.error, systems.statuses = "Online", {}, "", list(FINE)
        happens(systems)
        finding = run_check(handler, **parameters)
        assert finding.signals == dict.fromkeys(handler.signals) | {kind: True}, kind
        assert finding.facts == {}
    assert systems.called("CancelCommand")


def stays_in_its_time(
    run_check: RunCheck, systems: Systems, monkeypatch: pytest.MonkeyPatch, handler: Check, **parameters: Any
) -> None:
    """Let a check that runs several documents wait long for the first one, and for ever for the next."""
    clock = Clock()
    for name, value in {"time": clock, "SECONDS": 14.0, "FIRST_PAUSE": 0.2, "LONGEST_PAUSE": 2.0}.items():
        monkeypatch.setattr(hosts, name, value)
    systems.statuses = [*[{"Status": "InProgress"}] * 7, *FINE, {"Status": "InProgress"}]
    assert run_check(handler, **parameters).signals["too-slow"] is True
    assert len(systems.called("SendCommand")) == 2
    assert 8 < clock.now < 15, "Lambda ends it after 20 seconds, and then nothing is known"


class Clock:
    """A time that goes on only while somebody sleeps."""

    now = 0.0

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it go on."""
        self.now += seconds


def own(finding_signals: dict[str, bool | None]) -> dict[str, bool | None]:
    """Return a check's own signals, where the host was no trouble."""
    assert {name: finding_signals[name] for name in TROUBLES} == dict.fromkeys(TROUBLES, False)
    return {name: value for name, value in finding_signals.items() if name not in TROUBLES}
