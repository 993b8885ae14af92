from typing import Any

import pytest

from functions.core import waiting
from functions.workflow import approval_command
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.trail import Trail
from tests.functions.workflow.world import (
    AMEL,
    CLOSED_PORT,
    FIRST,
    INCIDENT,
    KARIM,
    LINA,
    PRINCIPALS,
    STRICT,
    World,
    findings,
)

TWO = {"low": "two", "medium": "two", "high": "two"}
OUTSIDER = "arn:aws:sts::123456789012:assumed-role/admin/somebody"


@pytest.fixture
def asked(world: World) -> World:
    """A world with an open question."""
    world.ask()
    return world


def deciding(world: World, **changed: Any) -> dict[str, Any]:
    """Write an approval of the plan as it is."""
    return {"decision": "approved", "digest": world.plan.digest, **changed}


def undecided(world: World) -> bool:
    """Say whether nothing has come of the question."""
    return (world.question()["state"], world.said(), world.answers) == ("pending", [], [])


def test_a_get_shows_what_a_decision_needs_and_changes_nothing(asked: World) -> None:
    before = asked.items
    answer = asked.command(PRINCIPALS[AMEL], method="GET")
    assert answer.status == 200
    shown = answer.said
    (step,) = asked.plan.steps
    assert shown.pop("changes") == [step.model_dump(exclude={"parameters"})]
    (cause,) = shown.pop("causes")
    assert cause["title"] == "The tasks' security group does not let the load balancer in"
    assert len(cause["evidence"]) >= 2
    assert shown == {
        "incident": INCIDENT,
        "service": "ganopa-bot",
        "runbook": "The webhook answers 503 or 504",
        "state": "pending",
        "until": asked.question()["until"],
        "digest": asked.plan.digest,
        "risk": "low",
        "needed": 1,
        "approvals": [],
    }
    assert asked.items == before


def test_a_post_decides_and_records_channel_principal_and_proof(asked: World) -> None:
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked, reason="go ahead"))
    assert (answer.status, answer.said["state"], answer.said["approvals"]) == (200, "approved", [AMEL])
    last = asked.approval().last
    assert last
    assert last.model_dump(exclude={"at"}) == {
        "decision": "approved",
        "approver": AMEL,
        "channel": "command",
        "digest": asked.plan.digest,
        "proof": f"IAM vouches for {PRINCIPALS[AMEL]}",
        "address": "192.0.2.7",
        "principal": PRINCIPALS[AMEL],
        "words": "go ahead",
    }
    assert asked.answers == [("token-1", '{"decision": "approved"}')]
    assert asked.timeline[-1] == f"Approved by {AMEL} (by command)"


def test_a_rejection_by_command(asked: World) -> None:
    assert (
        asked.command(PRINCIPALS[KARIM], deciding(asked, decision="rejected", reason="no")).said["state"] == "rejected"
    )
    assert asked.said() == [(KARIM, "rejected", "command")]


@pytest.mark.parametrize(
    "principal",
    [
        OUTSIDER,
        "",
        "*",
        f"{PRINCIPALS[AMEL]}2",
        PRINCIPALS[AMEL].replace("123456789012", "999999999999"),
        PRINCIPALS[AMEL].upper(),
        PRINCIPALS[LINA],  # who has no principal in the service's file
        AMEL,
    ],
)
def test_a_principal_that_is_no_approvers_may_not_decide(asked: World, principal: str) -> None:
    answer = asked.command(principal, deciding(asked))
    assert (answer.status, undecided(asked)) == (403, True)
    assert answer.said["error"] == f"{principal} is not the principal of any approver in the service's file."


def test_a_plan_that_has_changed_since_is_not_decided(asked: World) -> None:
    seen = deciding(asked)
    asked.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    asked.call(FIRST, 2, token="token-2")
    answer = asked.command(PRINCIPALS[AMEL], seen)
    assert (answer.status, answer.said["error"]) == (409, "The plan has changed since you saw it: look at it again.")
    assert (asked.question(2)["state"], asked.answers) == ("pending", [])
    assert asked.command(PRINCIPALS[AMEL], deciding(asked)).status == 200
    assert asked.approval(2).state == "approved"


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_another_digest_decides_nothing(asked: World, digest: str) -> None:
    assert asked.command(PRINCIPALS[AMEL], deciding(asked, digest=digest)).status == 409
    assert undecided(asked)


def test_while_a_switch_stops_everything_nothing_is_approved_by_command(asked: World) -> None:
    asked.switch("a migration runs", "/runbooks/ganopa-bot/switch")
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked))
    assert (answer.status, undecided(asked)) == (403, True)
    assert answer.said["error"].endswith(": a migration runs")
    asked.switch("go", "/runbooks/ganopa-bot/switch")
    assert asked.command(PRINCIPALS[AMEL], deciding(asked)).said["state"] == "approved"


def test_who_is_not_asked_at_this_level_may_not_decide(world: World) -> None:
    world.ask()
    world.escalate()
    answer = world.command(PRINCIPALS[AMEL], deciding(world))
    assert (answer.status, undecided(world)) == (403, True)
    assert answer.said["error"] == "L2 is asked now, and you are not one of its approvers."
    assert world.command(PRINCIPALS[KARIM], deciding(world)).said["state"] == "approved"


@pytest.mark.parametrize("state", ["expired", "withdrawn"])
def test_a_question_that_is_over_is_not_decided(asked: World, state: str) -> None:
    asked.change(state=state)
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked))
    assert answer == (409, {"error": "The question is not open any more.", "state": state})
    assert (asked.said(), asked.answers) == ([], [])


def test_after_its_time_a_question_is_not_decided(asked: World) -> None:
    asked.change(until=1)
    assert asked.command(PRINCIPALS[AMEL], deciding(asked)).status == 409
    assert undecided(asked)


def test_a_question_that_somebody_decided_shows_how(asked: World) -> None:
    approve(asked, asked.mails[1].link)
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked, decision="rejected", reason="no"))
    assert (answer.status, answer.said["state"], answer.said["approvals"]) == (200, "approved", [KARIM])
    assert asked.said() == [(KARIM, "approved", "link")]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (None, ""),
        ("", ""),
        ("{", ""),
        ("[]", ""),
        ("null", ""),
        ('{"digest": "a"}', "decision: Field required"),
        ('{"decision": "approved"}', "digest: Field required"),
        ('{"decision": "approve", "digest": "a"}', "decision: Input should be 'approved' or 'rejected'"),
        ('{"decision": "approved", "digest": 1}', "digest: Input should be a valid string"),
        ('{"decision": "approved", "digest": "a", "approver": "x"}', "approver: Extra inputs are not permitted"),
        ({"decision": "rejected", "digest": "a", "reason": "x" * 501}, "reason: String should have at most 500"),
        ("x" * 10_000_000, ""),
    ],
)
def test_what_is_no_decision_is_refused_with_the_reason(asked: World, body: Any, problem: str) -> None:
    answer = asked.command(PRINCIPALS[AMEL], body)
    assert (answer.status, undecided(asked)) == (400, True)
    assert answer.said["error"].startswith(problem)
    assert answer.said["error"]


@pytest.mark.parametrize("incident", ["another", "target#ganopa-bot", "link#0", f"{INCIDENT}\r\nx"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_incident_without_a_question_is_not_known(asked: World, incident: str, method: str) -> None:
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked), method=method, incident=incident)
    assert answer == (404, {"error": f"There is no question about the incident {incident}."})
    assert undecided(asked)


def test_an_incident_that_has_not_asked_yet_has_no_question(world: World) -> None:
    world.open()
    assert world.command(PRINCIPALS[AMEL], method="GET").status == 404


def test_link_and_command_of_one_person_count_once(world: World, rules: Rules) -> None:
    rules(policy=TWO)
    approve(world, world.ask()[0].link)
    answer = world.command(PRINCIPALS[AMEL], deciding(world))
    assert (answer.status, answer.said["state"], answer.said["approvals"]) == (200, "pending", [AMEL])
    assert world.said() == [(AMEL, "approved", "link")]
    assert world.command(PRINCIPALS[KARIM], deciding(world)).said["state"] == "approved"


def test_a_high_risk_asks_to_type_the_services_name(world: World, rules: Rules) -> None:
    rules(risk="high", policy={"high": "one"})
    world.ask()
    answer = world.command(PRINCIPALS[AMEL], deciding(world))
    assert answer == (403, {"error": "The risk is high: type the service's name, ganopa-bot."})
    assert world.command(PRINCIPALS[AMEL], deciding(world, service="ganopa-bot")).said["state"] == "approved"


def test_a_rejection_needs_words(asked: World) -> None:
    answer = asked.command(PRINCIPALS[AMEL], deciding(asked, decision="rejected"))
    assert (answer.status, undecided(asked)) == (403, True)


def test_who_started_it_by_hand_may_not_approve_it(world: World, rules: Rules, trail: Trail) -> None:
    rules(**STRICT)
    world.ask(given={})
    trail.started(PRINCIPALS[AMEL])
    answer = world.command(PRINCIPALS[AMEL], deciding(world))
    assert (answer.status, undecided(world)) == (403, True)
    assert world.command(PRINCIPALS[KARIM], deciding(world)).said["state"] == "approved"


def test_a_decision_that_was_not_told_is_told_by_the_same_command_again(
    asked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as crashing:
        crashing.setattr(waiting, "answer", crash)
        with pytest.raises(ConnectionError):
            asked.command(PRINCIPALS[AMEL], deciding(asked))
    for _ in range(2):
        assert asked.command(PRINCIPALS[AMEL], deciding(asked)).status == 200
    assert asked.answers == [("token-1", '{"decision": "approved"}')]


@pytest.mark.usefixtures("asked")
def test_a_body_in_base64_is_read() -> None:
    event = {
        "requestContext": {
            "http": {"method": "POST", "sourceIp": "192.0.2.7"},
            "authorizer": {"iam": {"userArn": PRINCIPALS[AMEL]}},
        },
        "pathParameters": {"incident": INCIDENT},
        "isBase64Encoded": True,
        "body": "e30=",
    }
    answer = approval_command.handler(event)
    assert (answer["statusCode"], answer["headers"]["cache-control"]) == (400, "no-store")
    assert "decision: Field required" in answer["body"]
