import json
from datetime import datetime
from typing import Any

import pytest

from functions.workflow import close_incident, request_approval
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import CLOSED_PORT, INCIDENT, OF, World, findings

APPROVERS = ["amel@maisonganopa.com", "karim@maisonganopa.com"]


def close(outcome: str) -> dict[str, Any]:
    """Close the incident."""
    return close_incident.handler({**OF, "outcome": outcome, "error": {}})


def metrics(printed: str) -> dict[str, Any]:
    """Read the one line in CloudWatch's embedded metric format."""
    (line,) = [line for line in printed.splitlines() if "_aws" in line]
    return dict(json.loads(line))


def test_the_record_says_how_and_when_it_ended(world: World) -> None:
    world.open()
    close("diagnosed")
    assert (world.record["state"], world.record["outcome"]) == ("closed", "diagnosed")
    assert datetime.fromisoformat(world.record["closed_at"]) >= datetime.fromisoformat(world.record["opened_at"])
    assert world.timeline[-1] == "Closed: diagnosed"


def test_the_report_is_the_executions_output(world: World) -> None:
    world.open()
    report = close("diagnosed")
    timeline = report.pop("timeline")
    assert report == {
        "incident": INCIDENT,
        "service": "ganopa-bot",
        "runbook": "The webhook answers 503 or 504",
        "outcome": "diagnosed",
    }
    assert [line.split(" ", 1)[1] for line in timeline] == world.timeline


def test_outcome_and_times_are_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    link = world.ask()[0].link
    approve(world, link)
    capsys.readouterr()
    close("recovered")
    counted = metrics(capsys.readouterr().out)
    (directive,) = counted["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Runbooks"
    assert [sorted(names) for names in directive["Dimensions"]] == [["runbook", "service"]]
    assert {one["Name"]: one["Unit"] for one in directive["Metrics"]} == {
        "Incident recovered": "Count",
        "TimeToDiagnose": "Seconds",
        "TimeToApproval": "Seconds",
        "TimeToRecovery": "Seconds",
    }
    assert (counted["service"], counted["runbook"]) == ("ganopa-bot", "webhook_unavailable")
    assert counted["Incident recovered"] == [1.0]
    assert 0 <= counted["TimeToDiagnose"][0] <= counted["TimeToApproval"][0] <= counted["TimeToRecovery"][0] < 60


def test_times_that_never_came_are_not_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.open()
    close("failed")
    (directive,) = metrics(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [one["Name"] for one in directive["Metrics"]] == ["Incident failed"]


def test_metrics_of_one_incident_do_not_leak_into_the_next(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ask()
    close("rejected")
    capsys.readouterr()
    close("failed")
    assert "Incident rejected" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("outcome", "state"), [("expired", "expired"), ("healthy", "withdrawn"), ("failed", "withdrawn")]
)
def test_an_open_question_ends_with_the_incident(world: World, outcome: str, state: str) -> None:
    link = world.ask()[0].link
    close(outcome)
    assert world.question()["state"] == state
    assert "<form" not in world.page(link)["body"]


def test_a_decision_stays_what_it_was(world: World) -> None:
    approve(world, world.ask()[0].link)
    close("failed")
    assert world.question()["state"] == "approved"


def test_every_open_question_ends(world: World) -> None:
    world.ask()
    request_approval.handler({**OF, "round": 2, "token": "token-2"})
    close("expired")
    assert [world.question(number)["state"] for number in (1, 2)] == ["expired", "expired"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("recovered", "recovered"),
        ("rejected", "rejected, nothing was changed"),
        ("expired", "nobody answered in time, nothing was changed"),
        ("healthy", "healthy again, nothing was changed"),
    ],
)
def test_who_was_asked_gets_the_report(world: World, outcome: str, words: str) -> None:
    asked = len(world.ask())
    close(outcome)
    mails = world.mails[asked:]
    assert [mail.to for mail in mails] == APPROVERS
    assert mails[0].subject == f"[ganopa-bot] {words}"
    lines = mails[0].text.splitlines()
    assert lines[0] == f"Telegram bot of api.maisonganopa.com: {words}"
    assert [line.split(" ", 1)[1] for line in lines[3:-2]] == world.timeline


@pytest.mark.parametrize("outcome", ["healthy", "diagnosed", "manual", "failed"])
def test_who_was_not_asked_gets_no_report(world: World, outcome: str) -> None:
    world.open()
    world.conclude(findings(*CLOSED_PORT))
    close(outcome)
    assert world.mails == []


@pytest.mark.parametrize("outcome", ["not fixed", "worse", "unverifiable", "failed", "changed"])
def test_what_was_escalated_gets_no_second_mail(world: World, outcome: str) -> None:
    asked = len(world.ask())
    close(outcome)
    assert len(world.mails) == asked
