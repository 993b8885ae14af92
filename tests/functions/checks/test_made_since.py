import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from functions.checks.made_since import handler
from functions.core import hosts
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

HOST_IS_FAST = timedelta(minutes=7)  # its clock is not ours
GIVEN = {**OF, "services": ["user_service", "search_service"]}


def moment(ago: int, wrong: timedelta = HOST_IS_FAST) -> str:
    """Write a time so many seconds ago, as docker and date do by the host's clock."""
    return f"{datetime.now(UTC) - timedelta(seconds=ago) + wrong:%Y-%m-%dT%H:%M:%S.%f}000Z"


def made(**ago: int) -> str:
    """Write what look_made says of services whose containers were made so many seconds ago."""
    return "".join(f"made={moment(one)}\nservice={name}\n" for name, one in ago.items()) + f"now={moment(0)}\n"


@pytest.mark.parametrize(
    ("ago", "older"),
    [
        ([{"user_service": 30, "search_service": 50}], []),
        ([{"user_service": 30, "search_service": 70}], ["search_service"]),
        ([{"user_service": 5000, "search_service": 70}], ["user_service", "search_service"]),
        ([{"user_service": 30}], ["search_service"]),
        ([{"user_service": 30, "search_service": 50, "redis": 5000}], []),
        ([{"user_service": 70}, {"user_service": 30, "search_service": 30}], ["user_service"]),
        ([{}], ["user_service", "search_service"]),
    ],
)
def test_what_is_older(run_check: RunCheck, systems: Systems, ago: list[dict[str, int]], older: list[str]) -> None:
    systems.said = {"look_made": "".join(made(**one) for one in ago)}
    finding = run_check(handler, **GIVEN, since=moment(60, timedelta()))
    assert own(finding.signals) == {"older": bool(older)}
    assert finding.facts["older"] == older


def test_what_was_made_just_before_is_not_newer_because_the_answer_took_its_time(
    run_check: RunCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any, **__: Any) -> Any:
        time.sleep(0.3)
        return SimpleNamespace(output=said)

    said, since = made(user_service=1, search_service=1), moment(0, timedelta(seconds=-0.9))
    monkeypatch.setattr(hosts, "run", slow)
    assert run_check(handler, **GIVEN, since=since).facts["older"] == ["user_service", "search_service"]


def test_it_says_which(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_made": made(user_service=30, search_service=70)}
    finding = run_check(handler, **GIVEN, since=moment(60, timedelta()))
    assert finding.summary == "made anew: user_service; made before: search_service"


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_made": made(user_service=30)}
    tells_every_trouble(run_check, systems, handler, **GIVEN, since=moment(60))
