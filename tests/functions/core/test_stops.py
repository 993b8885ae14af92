import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.ssm.responses import SimpleSystemManagerResponse

from functions.core import stops
from functions.core.stops import EVERYTHING
from statemachines import compiled
from statemachines.model import Service
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import RUNBOOK, World

MINE, ANOTHERS = "/runbooks/ganopa-bot/switch", "/runbooks/shop/switch"
START, END = datetime(2026, 12, 24, 14, 0, tzinfo=UTC), datetime(2026, 12, 27, 6, 30, tzinfo=UTC)
FREEZE = {"start": "2026-12-24T18:00:00+04:00", "end": "2026-12-27T10:30:00+04:00", "reason": "holidays"}
LATER = {"start": "2026-12-31T00:00:00Z", "end": "2027-01-02T00:00:00Z", "reason": "the year's end"}
SECOND = timedelta(seconds=1)
LAST = 2  # page of a switch's history

Failing = Callable[[str, str], None]
At = Callable[[datetime], Service]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Let SSM answer an operation with an error: `failing("get_parameters", "AccessDeniedException")`."""

    def fail(operation: str, error: str) -> None:
        def answer(_: object) -> None:
            raise JsonRESTError(error, "as the test wants it")

        monkeypatch.setattr(SimpleSystemManagerResponse, operation, answer)
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # botocore waits before it tries again

    return fail


@pytest.fixture
def at(rules: Rules, monkeypatch: pytest.MonkeyPatch) -> At:
    """Return the service, with two freezes in its file, at a time."""
    rules(also={"freezes": [FREEZE, LATER]})

    def stand(moment: datetime) -> Service:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
                return moment.astimezone(tz)

        monkeypatch.setattr(stops, "datetime", Clock)
        return compiled.read(RUNBOOK).service

    return stand


def stopped(world: World) -> str:
    """Say why the service is stopped."""
    return stops.stopped(world.aws, "ganopa-bot")


@pytest.mark.parametrize("go", ["go", "Go", "GO", " go\n", "\tgO "])
@pytest.mark.parametrize("switch", [EVERYTHING, MINE])
def test_go_means_go_however_it_is_written(world: World, switch: str, go: str) -> None:
    world.switch(go, switch)
    assert stopped(world) == ""


@pytest.mark.parametrize("value", ["gone", "no go", "g o", "go!", "stop", "0", "off", "true"])
@pytest.mark.parametrize("switch", [EVERYTHING, MINE])
def test_anything_else_stops_and_is_the_reason(world: World, switch: str, value: str) -> None:
    world.switch(value, switch)
    assert stopped(world).startswith("Stopped by ")
    assert stopped(world).endswith(f": {value}")


def test_the_reason_is_one_line_with_who_wrote_it_last_and_when(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSM gives the oldest version first, and a page at a time."""

    def answer(response: SimpleSystemManagerResponse) -> str:
        page = int(response._get_param("NextToken") or 0)  # noqa: SLF001
        moment = datetime(2026, 11, 21, 8, page, tzinfo=UTC).timestamp()
        one = {"Name": EVERYTHING, "LastModifiedUser": f"arn:user/{page}", "LastModifiedDate": moment}
        return json.dumps({"Parameters": [one]} | ({"NextToken": str(page + 1)} if page < LAST else {}))

    monkeypatch.setattr(SimpleSystemManagerResponse, "get_parameter_history", answer)
    world.switch("  a migration\n\n  runs ")
    assert stopped(world) == f"Stopped by arn:user/{LAST}, 2026-11-21 08:0{LAST}: a migration runs"


def test_where_nobody_tells_who_did_it_the_reason_is_said_all_the_same(world: World, failing: Failing) -> None:
    world.switch("a migration")
    failing("get_parameter_history", "AccessDeniedException")
    assert stopped(world) == "Stopped by somebody (SSM does not tell whom): a migration"


@pytest.mark.parametrize("switch", [EVERYTHING, MINE])
def test_a_switch_that_is_missing_stops(world: World, switch: str) -> None:
    world.switch(None, switch)
    assert stopped(world) == f"The kill switch {switch} is missing, so nothing is changed."


@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_switches_that_cannot_be_read_stop(world: World, failing: Failing, error: str) -> None:
    failing("get_parameters", error)
    assert stopped(world).startswith("The kill switches cannot be read, so nothing is changed: An error occurred")
    assert error in stopped(world)


def test_only_what_cannot_be_read_is_unreadable(world: World, failing: Failing) -> None:
    world.switch("a migration")
    assert stops.unreadable(world.aws, "ganopa-bot") == ""
    world.switch(None, MINE)
    assert stops.unreadable(world.aws, "ganopa-bot").startswith(f"The kill switch {MINE} is missing")
    assert stopped(world).endswith(": a migration")
    failing("get_parameters", "AccessDeniedException")
    assert "AccessDeniedException" in stops.unreadable(world.aws, "ganopa-bot")


def test_the_switch_of_everything_stops_before_the_services_own(world: World) -> None:
    world.switch("all of it")
    world.switch("only this", MINE)
    assert stopped(world).endswith(": all of it")


def test_the_switch_of_another_service_stops_nothing_here(world: World) -> None:
    world.aws.client("ssm").put_parameter(Name=ANOTHERS, Value="stop", Type="String")
    assert stopped(world) == ""
    assert stops.stopped(world.aws, "shop").endswith(": stop")


@pytest.mark.parametrize("moment", [START, START + SECOND, END - SECOND])
def test_within_a_freeze_nothing_is_changed(at: At, moment: datetime) -> None:
    assert stops.frozen(at(moment)) == "Change freeze until 2026-12-27 10:30+04:00: holidays"


@pytest.mark.parametrize("moment", [START - SECOND, END, END + SECOND, datetime(2026, 12, 29, tzinfo=UTC)])
def test_before_after_and_between_freezes_changes_are_made(at: At, moment: datetime) -> None:
    assert stops.frozen(at(moment)) == ""


def test_each_freeze_has_its_own_reason(at: At) -> None:
    assert stops.frozen(at(datetime(2027, 1, 1, tzinfo=UTC))).endswith(": the year's end")


def test_a_switch_and_a_freeze_are_both_asked(world: World, at: At) -> None:
    assert stops.why(world.aws, at(END)) == ""
    assert stops.why(world.aws, at(START)).startswith("Change freeze")
    world.switch("stop", MINE)
    assert stops.why(world.aws, at(START)).startswith("Stopped by")
    assert stops.why(world.aws, at(END)).startswith("Stopped by")
