import json
from datetime import datetime
from typing import Any

import pytest
from markupsafe import escape

from functions.core import history, occasions, waiting
from functions.core.outcomes import OUTCOMES
from functions.workflow.close_incident import LONGEST_HISTORY, REPORTED
from statemachines import compiled
from tests.functions.workflow.conftest import Overtaken, Rules
from tests.functions.workflow.test_approval_page import approve, forms, reject
from tests.functions.workflow.world import AMEL, CLOSED_PORT, FIRST, INCIDENT, KARIM, LINA, RUNBOOK, World, findings


def metrics(printed: str) -> dict[str, Any]:
    """Read the one line in CloudWatch's embedded metric format."""
    (line,) = [line for line in printed.splitlines() if "_aws" in line]
    return dict(json.loads(line))


def test_the_record_says_how_and_when_it_ended(world: World) -> None:
    world.open()
    world.close("diagnosed")
    assert (world.record["state"], world.record["outcome"]) == ("closed", "diagnosed")
    assert datetime.fromisoformat(world.record["closed_at"]) >= datetime.fromisoformat(world.record["opened_at"])
    assert world.timeline[-1] == "Closed: diagnosed, nothing was asked or changed"


def test_the_report_is_the_executions_output(world: World) -> None:
    world.open()
    report = world.close("diagnosed")
    timeline, entry = report.pop("timeline"), report.pop("history")
    assert entry == history.entry(compiled.read(RUNBOOK), world.incidents.everything(INCIDENT))
    assert report == {
        "incident": INCIDENT,
        "service": "ganopa-bot",
        "runbook": "The webhook answers 503 or 504",
        "outcome": "diagnosed",
        "occurrences": 0,
    }
    assert [line.split(" ", 1)[1] for line in timeline] == world.timeline


def test_a_history_that_would_not_fit_into_the_output_says_where_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.open()
    long = "é" * (LONGEST_HISTORY // 2)
    monkeypatch.setattr(history, "entry", lambda *_: long)
    assert world.close("diagnosed")["history"] == long
    monkeypatch.setattr(history, "entry", lambda *_: f"{long}.")
    assert world.close("diagnosed")["history"].endswith("make history SERVICE=ganopa-bot")


def test_a_history_that_cannot_be_written_does_not_keep_an_incident_from_being_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.open()
    monkeypatch.setattr(history, "entry", lambda _, everything: everything["lost"])
    assert "the function's log says why" in world.close("healthy")["history"]
    assert world.record["state"] == "closed"


def test_outcome_and_times_are_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    link = world.ask()[0].link
    approve(world, link)
    capsys.readouterr()
    world.close("recovered")
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
    world.close("failed")
    (directive,) = metrics(capsys.readouterr().out)["_aws"]["CloudWatchMetrics"]
    assert [one["Name"] for one in directive["Metrics"]] == ["Incident failed"]


def test_metrics_of_one_incident_do_not_leak_into_the_next(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ask()
    world.close("rejected")
    capsys.readouterr()
    world.close("failed")
    assert "Incident rejected" not in capsys.readouterr().out


@pytest.mark.parametrize("outcome", ["healthy", "failed", "unclear"])
def test_an_open_question_is_withdrawn_with_the_incident(world: World, outcome: str) -> None:
    link = world.ask()[0].link
    form = forms(world.page(link))[0]
    world.close(outcome)
    assert world.question()["state"] == "withdrawn"
    assert "The question is withdrawn" in world.timeline
    page = world.page(link)
    assert "The question was withdrawn: nothing can be decided here any more." in page["body"]
    assert forms(page) == []
    assert world.page(link, "POST", form)["statusCode"] == 303
    assert (world.question()["state"], world.said(), world.answers) == ("withdrawn", [], [])


def test_a_decision_at_the_same_moment_keeps_no_incident_open(world: World, overtaken: Overtaken) -> None:
    link = world.ask()[0].link
    overtaken(lambda: reject(world, link))
    world.close("healthy")
    assert (world.record["state"], world.question()["state"]) == ("closed", "withdrawn")
    assert world.said() == [(AMEL, "rejected", "link")]


@pytest.mark.parametrize("state", ["rejected", "expired", "replaced", "withdrawn"])
def test_a_question_that_has_ended_stays_what_it_was(world: World, state: str) -> None:
    world.ask()
    world.change(state=state)
    world.close("expired")
    assert world.question()["state"] == state
    assert "The question is withdrawn" not in world.timeline


def test_a_decision_that_was_told_stays_what_it_was(world: World) -> None:
    approve(world, world.ask()[0].link)
    world.close("failed")
    assert world.question()["state"] == "approved"


def test_an_approval_that_came_too_late_to_be_carried_out_is_withdrawn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = world.ask()[0].link
    monkeypatch.setattr(waiting, "answer", lambda *_: False)  # nobody waits: the alarm has let it look again
    approve(world, link)
    assert (world.approval().state, world.approval().told) == ("approved", False)
    world.close("healthy")
    assert world.question()["state"] == "withdrawn"
    assert world.said() == [(AMEL, "approved", "link")]  # the proof of what was said stays
    assert "The question was withdrawn" in world.page(link)["body"]


def test_an_approval_that_was_carried_out_is_not_withdrawn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = world.ask()[0].link
    monkeypatch.setattr(waiting, "answer", lambda *_: False)
    approve(world, link)
    world.incidents.create(INCIDENT, "change#1#0", {"fix": "x", "before": {}, "after": {}, "undo": None})
    world.close("recovered")
    assert world.question()["state"] == "approved"


def test_of_several_questions_every_open_one_ends(world: World) -> None:
    world.ask()
    world.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    world.call(FIRST, 2, token="token-2")
    world.close("healthy")
    assert [world.question(number)["state"] for number in (1, 2)] == ["replaced", "withdrawn"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("recovered", "recovered"),
        ("rejected", "rejected, nothing was changed"),
        ("expired", "nobody decided in time, nothing was changed"),
        ("healthy", "well again by itself, nothing was changed"),
    ],
)
def test_who_was_asked_gets_the_report(world: World, outcome: str, words: str) -> None:
    asked = len(world.ask())
    world.close(outcome)
    mails = world.mails[asked:]
    assert [mail.to for mail in mails] == [AMEL, KARIM]
    for mail in mails:
        assert mail.subject == f"[ganopa-bot] {words}: The webhook answers 503 or 504"
        lines = mail.text.splitlines()
        assert lines[0] == f"Bot Telegram de api.maisonganopa.com: {words}"
        told = [line.split(" ", 1)[1] for line in lines if line[2:3] == ":"]
        assert told == world.timeline
        assert "/incidents/" not in mail.text


def test_the_next_level_gets_the_report_only_where_it_was_asked(world: World) -> None:
    world.ask()
    world.escalate()
    asked = len(world.mails)
    world.close("expired")
    assert [mail.to for mail in world.mails[asked:]] == [AMEL, KARIM, LINA]


def test_who_was_to_be_asked_next_but_was_not_gets_no_report(world: World) -> None:
    asked = len(world.ask())
    world.change(call=2, level=1)
    world.close("rejected")
    assert [mail.to for mail in world.mails[asked:]] == [AMEL, KARIM]


def test_who_decides_while_the_others_are_still_being_asked_gets_the_report(world: World) -> None:
    approve(world, world.ask()[0].link)
    world.change(mailed=-1)  # the function that asks has crashed before it noted whom it has mailed
    asked = len(world.mails)
    world.close("recovered")
    assert [mail.to for mail in world.mails[asked:]] == [AMEL, KARIM]


def test_who_was_asked_twice_gets_one_report(world: World) -> None:
    world.ask()
    world.conclude(findings("probe.mismatch", *CLOSED_PORT), 1)
    world.call(FIRST, 2, token="token-2")
    asked = len(world.mails)
    world.close("rejected")
    assert [mail.to for mail in world.mails[asked:]] == [AMEL, KARIM]


def test_where_the_policy_asks_nobody_nobody_gets_a_report(world: World, rules: Rules) -> None:
    rules(policy={"low": "automatic"})
    world.ask()
    world.close("recovered")
    assert world.mails == []


def test_the_reports_reader_is_told_why_somebody_rejected(world: World) -> None:
    reject(world, world.ask()[0].link, "wait for me")
    world.close("rejected")
    assert f"Rejected by {AMEL}: wait for me (through their link)" in world.mails[-1].text


def claim(world: World, incident: str) -> str:
    """Claim the target before the incident opens; return who holds it."""
    return occasions.claim(world.aws, compiled.read(RUNBOOK), incident).holder


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_target_is_given_back(world: World, outcome: str) -> None:
    assert claim(world, INCIDENT) == INCIDENT
    world.open()
    world.close(outcome)
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == ""


def test_a_target_that_another_incident_holds_stays_its_own(world: World) -> None:
    world.open()
    claim(world, "another")
    world.close("diagnosed")
    assert occasions.holder(world.incidents, compiled.read(RUNBOOK)) == "another"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_report_says_how_many_events_it_was_about(world: World, count: int) -> None:
    link = world.ask()[0].link
    for number in range(count):
        occasions.count(world.incidents, INCIDENT, str(number), {})
    page = f"{count} events were about this incident so far."
    assert (page in world.page(link)["body"]) == (count > 1)
    assert world.close("rejected")["occurrences"] == count
    assert (f"It was about {count} events." in world.mails[-1].text) == (count > 1)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_way_to_end_can_be_closed_and_shown(world: World, outcome: str) -> None:
    asked = world.ask()
    assert world.close(outcome)["outcome"] == outcome
    assert escape(OUTCOMES[outcome]) in world.page(asked[0].link)["body"]
    assert (len(world.mails) > len(asked)) == (outcome in REPORTED)


@pytest.mark.parametrize("outcome", ["healthy", "diagnosed", "manual", "failed"])
def test_who_was_not_asked_gets_no_report(world: World, outcome: str) -> None:
    world.open()
    world.conclude(findings(*CLOSED_PORT))
    world.close(outcome)
    assert world.mails == []


@pytest.mark.parametrize("outcome", ["not fixed", "worse", "unverifiable", "failed", "changed"])
def test_what_was_escalated_gets_no_second_mail(world: World, outcome: str) -> None:
    asked = len(world.ask())
    world.close(outcome)
    assert len(world.mails) == asked
