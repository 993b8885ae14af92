import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.core import limits
from functions.core.plan import Plan
from statemachines.model import Service
from tests.functions.core.test_plan import PLAN, STEP
from tests.functions.workflow.world import INCIDENT, World

FIX = STEP["fix"]
SATURDAY_NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TARGET = "target#ganopa-bot"


def service(**words: Any) -> Service:
    """Write a service's file."""
    person = "amel@example.com"
    approval = {"levels": [{"name": "L1", "approvers": [person], "minutes": 2}], "policy": {"high": "one"}}
    given = {"name": "ganopa-bot", "title": "", "account": "123456789012", "region": "me-central-1"}
    rest = {"approvers": {person: {}}, "approval": approval, "resources": {}, "runbooks": {"r": {}}}
    return Service.model_validate(given | rest | words)


def steps(*parameters: dict[str, Any], **other: Any) -> Plan:
    """Plan the same fix with some parameters, one step each."""
    return Plan.model_validate(PLAN | {"steps": [STEP | {"parameters": one} | other for one in parameters]})


def beyond(rule: dict[str, Any], plan: Plan, at: datetime = SATURDAY_NOON, **words: Any) -> list[str]:
    """List what is beyond the limits of the fix."""
    return limits.beyond(service(limits={FIX: rule}, **words), plan, at)


# Bounds


@pytest.mark.parametrize(
    ("bounds", "value", "reason"),
    [
        ({"least": 1}, 1, ""),
        ({"least": 1}, 0, "at least 1.0"),
        ({"most": 10}, 10, ""),
        ({"most": 10}, 11, "at most 10.0"),
        ({"least": 1, "most": 10}, 5, ""),
        ({"least": 1, "most": 10}, -1, "at least 1.0"),
        ({"least": 0.5}, 0.4, "at least 0.5"),
        ({"least": 0.5}, 0.5, ""),
        ({}, 1_000_000, ""),
    ],
)
def test_a_parameter_is_held_against_its_bounds(bounds: dict[str, float], value: float, reason: str) -> None:
    expected = [f"{FIX}: count is {value}, {reason}"] if reason else []
    assert beyond({"bounds": {"count": bounds}}, steps({"count": value})) == expected


@pytest.mark.parametrize("value", ["5", [5], None, "many"])
def test_what_is_no_number_is_beyond_every_bound(value: Any) -> None:
    assert beyond({"bounds": {"count": {}}}, steps({"count": value})) == [
        f"{FIX}: count is {value}, which is no number"
    ]


def test_a_parameter_that_the_plan_does_not_have_is_beyond_its_bounds() -> None:
    assert beyond({"bounds": {"count": {"most": 5}}}, steps({})) == [f"{FIX}: count is None, which is no number"]


def test_every_step_is_held_against_the_bounds_and_every_reason_is_told() -> None:
    found = beyond(
        {"bounds": {"count": {"most": 5}, "port": {"least": 1}}},
        steps({"count": 6, "port": 0}, {"count": 9, "port": 2}),
    )
    assert found == [
        f"{FIX}: count is 6, at most 5.0",
        f"{FIX}: port is 0, at least 1.0",
        f"{FIX}: count is 9, at most 5.0",
    ]


def test_the_limits_of_another_fix_do_not_count() -> None:
    rule = {"bounds": {"port": {"most": 1}}, "resources": 1, "forbidden": [{"start": "00:00", "end": "23:59"}]}
    own = service(limits={"restore_desired_count": rule})
    assert limits.beyond(own, steps(STEP["parameters"], touches=9), SATURDAY_NOON) == []


def test_without_limits_and_without_steps_nothing_is_beyond() -> None:
    assert limits.beyond(service(), steps({"count": 10**9}, touches=10**6)) == []
    assert beyond({"bounds": {"count": {"most": 1}}, "resources": 1}, steps()) == []


# Resources


@pytest.mark.parametrize(("touches", "most", "count"), [((2,), 2, 0), ((3,), 2, 3), ((2, 2), 3, 4), ((1, 1), 2, 0)])
def test_all_steps_together_touch_so_many_things(touches: tuple[int, ...], most: int, count: int) -> None:
    plan = Plan.model_validate(PLAN | {"steps": [STEP | {"touches": one} for one in touches]})
    expected = [f"{FIX} would touch {count} resources, at most {most}"] if count else []
    assert beyond({"resources": most}, plan) == expected


# Forbidden hours


@pytest.mark.parametrize(
    ("hours", "at", "forbidden"),
    [
        ({"start": "08:00", "end": "18:00"}, "2026-11-21T08:00:00+00:00", True),
        ({"start": "08:00", "end": "18:00"}, "2026-11-21T07:59:59+00:00", False),
        ({"start": "08:00", "end": "18:00"}, "2026-11-21T17:59:59+00:00", True),
        ({"start": "08:00", "end": "18:00"}, "2026-11-21T18:00:00+00:00", False),
        ({"start": "08:00", "end": "18:00", "days": ["mon"]}, "2026-11-21T12:00:00+00:00", False),
        ({"start": "08:00", "end": "18:00", "days": ["mon", "sat"]}, "2026-11-21T12:00:00+00:00", True),
        # past midnight: they belong to the day on which they began
        ({"start": "22:00", "end": "06:00"}, "2026-11-21T21:59:00+00:00", False),
        ({"start": "22:00", "end": "06:00"}, "2026-11-21T22:00:00+00:00", True),
        ({"start": "22:00", "end": "06:00"}, "2026-11-22T05:59:00+00:00", True),
        ({"start": "22:00", "end": "06:00"}, "2026-11-22T06:00:00+00:00", False),
        ({"start": "22:00", "end": "06:00", "days": ["sat"]}, "2026-11-21T23:00:00+00:00", True),
        ({"start": "22:00", "end": "06:00", "days": ["sat"]}, "2026-11-22T05:00:00+00:00", True),
        ({"start": "22:00", "end": "06:00", "days": ["sat"]}, "2026-11-22T23:00:00+00:00", False),
        ({"start": "22:00", "end": "06:00", "days": ["sat"]}, "2026-11-21T05:00:00+00:00", False),
        # the end is the start: the whole day, and until that time of the next
        ({"start": "00:00", "end": "00:00", "days": ["sat"]}, "2026-11-21T23:59:00+00:00", True),
        ({"start": "00:00", "end": "00:00", "days": ["sat"]}, "2026-11-22T00:00:00+00:00", False),
    ],
)
def test_a_fix_does_not_run_in_its_forbidden_hours(hours: dict[str, Any], at: str, forbidden: bool) -> None:  # noqa: FBT001
    found = beyond({"forbidden": [hours]}, steps({}), datetime.fromisoformat(at))
    sentence = f"{FIX} may not run from {hours['start']} to {hours['end']} (UTC)"
    assert found == ([sentence] if forbidden else [])


@pytest.mark.parametrize(
    ("at", "forbidden"),
    [
        ("2026-11-20T19:30:00+00:00", False),  # Friday 23:30 in Dubai
        ("2026-11-20T20:30:00+00:00", True),  # Saturday 00:30
        ("2026-11-21T04:00:00+00:00", False),  # Saturday 08:00
        ("2026-11-21T00:30:00-04:00", False),  # 08:30, said in another zone
    ],
)
def test_hours_and_days_are_those_of_the_services_own_time_zone(at: str, forbidden: bool) -> None:  # noqa: FBT001
    rule = {"forbidden": [{"start": "00:00", "end": "08:00", "days": ["sat"]}]}
    found = beyond(rule, steps({}), datetime.fromisoformat(at), timezone="Asia/Dubai")
    assert found == ([f"{FIX} may not run from 00:00 to 08:00 (Asia/Dubai)"] if forbidden else [])


def test_hours_follow_the_clock_of_the_place_in_summer_and_winter() -> None:
    rule = {"forbidden": [{"start": "09:00", "end": "10:00"}]}
    for day, utc in (("2026-07-01", "07:30"), ("2026-12-01", "08:30")):
        moment = datetime.fromisoformat(f"{day}T{utc}:00+00:00")
        assert beyond(rule, steps({}), moment, timezone="Europe/Paris")
        assert not beyond(rule, steps({}), moment + timedelta(hours=1), timezone="Europe/Paris")


def test_unless_said_it_is_now() -> None:
    now = datetime.now(UTC)
    around = {"start": f"{now - timedelta(hours=1):%H:%M}", "end": f"{now + timedelta(hours=1):%H:%M}"}
    assert limits.beyond(service(limits={FIX: {"forbidden": [around]}}), steps({}))


# Flapping


def repaired(world: World, *incidents: str, hours: float = 0) -> None:
    """Let incidents have repaired the service some hours ago."""
    for one in incidents:
        moment = (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")
        world.incidents.create(TARGET, f"repair#{one}", {"of": one, "at": moment})


RULE = {"repairs": 2, "hours": 6}
OFTEN = "ganopa-bot has been repaired {} times within 6 hours and fails again"


def flapping(world: World) -> str:
    """Say whether the service flaps."""
    return limits.flapping(world.incidents, service(flapping=RULE), INCIDENT)


@pytest.mark.parametrize(("others", "count"), [((), 0), (("a",), 0), (("a", "b"), 2), (("a", "b", "c"), 3)])
def test_so_many_other_incidents_lately_are_too_many(world: World, others: tuple[str, ...], count: int) -> None:
    repaired(world, *others)
    assert flapping(world) == (OFTEN.format(count) if count else "")


def test_the_incidents_own_repair_does_not_count(world: World) -> None:
    repaired(world, "a", INCIDENT)
    assert flapping(world) == ""


@pytest.mark.parametrize(("hours", "flaps"), [(5.9, True), (6.1, False), (24, False)])
def test_what_is_longer_ago_does_not_count(world: World, hours: float, flaps: bool) -> None:  # noqa: FBT001
    repaired(world, "a")
    repaired(world, "b", hours=hours)
    assert (flapping(world) != "") is flaps


def test_repairs_of_another_service_do_not_count(world: World) -> None:
    for one in ("a", "b"):
        limits.repairing(world.incidents, service(name="shop", flapping=RULE), one)
    assert flapping(world) == ""


def test_a_repair_is_remembered_once_for_as_long_as_it_is_looked_back(world: World) -> None:
    limits.repairing(world.incidents, service(flapping=RULE), "a")
    (first,) = world.incidents.history(TARGET, "repair#")
    limits.repairing(world.incidents, service(flapping=RULE), "a")
    assert world.incidents.history(TARGET, "repair#") == [first]
    assert abs(first["expires"] - time.time() - 6 * 3600) < 5
    assert abs(datetime.fromisoformat(first["at"]).timestamp() - time.time()) < 5
    assert flapping(world) == ""
    limits.repairing(world.incidents, service(flapping=RULE), "b")
    assert flapping(world) == OFTEN.format(2)
