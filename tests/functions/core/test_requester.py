from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.core import requester
from functions.core.requester import AROUND, PAGES, Requester
from statemachines import compiled
from statemachines.model import Service
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.trail import PAGE, Trail
from tests.functions.workflow.world import (
    AMEL,
    INCIDENT,
    KARIM,
    LINA,
    PRINCIPALS,
    RUNBOOK,
    STRICT,
    TRIGGER,
    World,
)

OUTSIDER = "arn:aws:sts::123456789012:assumed-role/admin/somebody"
UNKNOWN, DECLARED = Requester(), Requester(who=AMEL, proof="declared")
PROVEN = Requester(who=AMEL, principal=PRINCIPALS[AMEL], proof="CloudTrail")


def service() -> Service:
    """The service as the functions see it now."""
    return compiled.read(RUNBOOK).service


def proven(world: World) -> Requester | None:
    """Look the requester up."""
    return requester.proven(world.aws, service(), world.record)


def test_what_an_alarm_started_has_no_requester(world: World, trail: Trail) -> None:
    world.open({"trigger": TRIGGER})
    assert proven(world) is None
    assert trail.asked == []


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(("given", "who"), [({}, UNKNOWN), ({"requester": AMEL}, DECLARED)])
def test_until_cloudtrail_knows_it_is_what_the_person_said(world: World, given: Any, who: Requester) -> None:
    world.open(given)
    assert requester.of(world.record) == who
    assert proven(world) == who


@pytest.mark.parametrize("given", [{}, {"requester": AMEL}, {"requester": KARIM}])
def test_cloudtrail_proves_and_overrules(world: World, trail: Trail, given: Any) -> None:
    world.open(given)
    trail.started(PRINCIPALS[KARIM], "another-incident")
    trail.started(PRINCIPALS[AMEL])
    assert proven(world) == PROVEN


def test_an_outsider_is_known_by_their_principal(world: World, trail: Trail) -> None:
    world.open({"requester": AMEL})
    trail.started(OUTSIDER)
    who = proven(world)
    assert who == Requester(principal=OUTSIDER, proof="CloudTrail")
    assert not who.proven


def test_several_principals_of_one_approver_are_one_person(world: World, trail: Trail, rules: Rules) -> None:
    """Repeating a start yields the same execution, so that several may have asked for it: all of them are looked at."""
    both = [PRINCIPALS[AMEL], f"{PRINCIPALS[AMEL]}-admin"]
    rules(also={"approvers": {AMEL: {"principals": both}, KARIM: {}, LINA: {}}})
    world.open({})
    for principal in (*both, both[0]):
        trail.started(principal)
    who = proven(world)
    assert who == Requester(who=AMEL, principal=", ".join(both), proof="CloudTrail")
    assert who.proven


@pytest.mark.parametrize("second", [PRINCIPALS[KARIM], OUTSIDER])
def test_where_several_started_it_nobody_is_proven_to_be_the_one(world: World, trail: Trail, second: str) -> None:
    world.open({"requester": KARIM})
    for principal in (PRINCIPALS[AMEL], second):
        trail.started(principal)
    who = proven(world)
    assert who == Requester(principal=", ".join(sorted([PRINCIPALS[AMEL], second])), proof="CloudTrail")
    assert not who.proven


def test_somebody_without_an_arn_stays_unknown(world: World, trail: Trail) -> None:
    world.open({})
    trail.started(None)
    assert proven(world) == UNKNOWN


def test_the_start_of_another_execution_proves_nothing(world: World, trail: Trail) -> None:
    world.open({})
    trail.started(PRINCIPALS[AMEL], f"{INCIDENT}-2")
    trail.events.append({"userIdentity": {"arn": PRINCIPALS[AMEL]}, "responseElements": None, "errorCode": "Denied"})
    assert proven(world) == UNKNOWN


def test_what_was_proven_is_not_asked_again(world: World, trail: Trail) -> None:
    world.open({})
    world.incidents.update(INCIDENT, "record", {"requester": PROVEN.model_dump()})
    trail.started(OUTSIDER)
    assert proven(world) == PROVEN
    assert trail.asked == []


def test_cloudtrail_is_asked_about_the_minutes_around_the_start_only(world: World, trail: Trail) -> None:
    world.open({})
    proven(world)
    (asked,) = trail.asked
    opened = datetime.fromisoformat(world.record["opened_at"]).timestamp()
    assert asked["LookupAttributes"] == [{"AttributeKey": "EventName", "AttributeValue": "StartExecution"}]
    assert opened - asked["StartTime"] == pytest.approx(AROUND.total_seconds(), abs=1)
    assert asked["EndTime"] - opened == pytest.approx(AROUND.total_seconds(), abs=1)
    assert timedelta(0) < timedelta(minutes=5) >= AROUND


def test_a_busy_account_is_searched_for_a_few_pages_and_then_unknown(world: World, trail: Trail) -> None:
    world.open({})
    for number in range(PAGE * (PAGES - 1)):
        trail.started(OUTSIDER, str(number))
    trail.started(PRINCIPALS[AMEL])
    assert proven(world) == PROVEN
    assert len(trail.asked) == PAGES
    trail.asked.clear()
    trail.events[:0] = trail.events[:PAGE]
    assert proven(world) == UNKNOWN
    assert len(trail.asked) == PAGES


@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException", "InternalFailure"])
@pytest.mark.parametrize(("given", "who"), [({}, UNKNOWN), ({"requester": AMEL}, DECLARED)])
def test_where_cloudtrail_does_not_answer_nothing_is_known_better(
    world: World, trail: Trail, monkeypatch: pytest.MonkeyPatch, error: str, given: Any, who: Requester
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # botocore waits before it tries again
    world.open(given)
    trail.error = error
    assert proven(world) == who


@pytest.mark.parametrize(
    ("own_requests", "who", "needed", "barred"),
    [
        ("allowed", UNKNOWN, 1, ""),
        ("allowed", DECLARED, 1, ""),
        ("allowed", PROVEN, 1, ""),
        ("refused", None, 1, ""),
        ("refused", UNKNOWN, 2, ""),
        ("refused", DECLARED, 2, ""),
        ("refused", PROVEN, 1, AMEL),
        ("refused", Requester(principal=OUTSIDER, proof="CloudTrail"), 2, ""),
    ],
)
def test_how_many_have_to_approve_and_who_may_not(
    rules: Rules, own_requests: str, who: Requester | None, needed: int, barred: str
) -> None:
    rules(**STRICT | {"own_requests": own_requests})
    assert requester.demands(service(), "low", who) == {"needed": needed, "barred": barred}


@pytest.mark.parametrize(("policy", "needed"), [("automatic", 0), ("one", 2), ("two", 3)])
@pytest.mark.parametrize("who", [UNKNOWN, DECLARED, Requester(principal=OUTSIDER, proof="CloudTrail")])
def test_while_it_is_not_proven_who_started_it_one_person_more_has_to_approve(
    rules: Rules, policy: str, needed: int, who: Requester
) -> None:
    level = {"name": "L1", "approvers": [AMEL, KARIM, LINA], "minutes": 15}
    rules(own_requests="refused", policy={"low": policy, "medium": "one", "high": "one"}, levels=[level])
    assert requester.demands(service(), "low", who) == {"needed": needed, "barred": ""}
