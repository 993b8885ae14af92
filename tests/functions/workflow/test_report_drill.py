import json
from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

from functions.core import stops
from functions.core.drilled import looks
from functions.workflow import report_drill
from statemachines import compiled
from tests.functions.workflow.world import AMEL, KARIM, LINA, OPERATIONS, RUNBOOK, TOPIC, World

EVERYBODY = [AMEL, KARIM, LINA]
SERVICE = "ganopa-bot"
GONE = "there is no ECS cluster vancelian-dev-api-cluster in me-central-1: correct its name"
Pending = set[tuple[str, str]]


@pytest.fixture
def pending(world: World, monkeypatch: pytest.MonkeyPatch) -> Pending:  # noqa: ARG001 (puts the topics in place)
    """Who has not confirmed which topic; everybody has at first."""
    waiting: Pending = set()

    def answer(response: SNSResponse) -> Any:
        topic = response._get_param("TopicArn")  # noqa: SLF001
        arns = {mail: "PendingConfirmation" if (mail, topic) in waiting else f"{topic}:{mail}" for mail in EVERYBODY}
        listed = [{"Endpoint": mail, "SubscriptionArn": arn} for mail, arn in arns.items()]
        return ActionResult({"Subscriptions": listed, "NextToken": None})

    monkeypatch.setattr(SNSResponse, "list_subscriptions_by_topic", answer)
    return waiting


def answers(*true: str) -> dict[str, Any]:
    """Write the findings of a healthy service as the state machine gathers them; some signals are true."""
    runbooks = compiled.read_all()
    questions = {one.runbook.name: one.questions for one in runbooks}
    found = looks(runbooks[0].service, [one.runbook for one in runbooks])
    return {
        name: {
            "summary": f"{name} was looked at",
            "signals": {
                question: f"{look.uses[0][1]}.{question}" in true
                for question in questions[look.uses[0][0]][look.uses[0][1]]
            },
        }
        for name, look in found.items()
    }


def failed(why: str, error: str = "NotFound") -> dict[str, Any]:
    """Write the answer of a check that keeps failing."""
    return {"error": error, "cause": json.dumps({"errorMessage": why, "errorType": error})}


def report(found: dict[str, Any]) -> dict[str, Any]:
    """Report a drill."""
    return report_drill.handler({"drill": "d-1", "findings": found})


def metrics(printed: str) -> dict[str, Any]:
    """Read the one line in CloudWatch's embedded metric format."""
    (line,) = [line for line in printed.splitlines() if '"_aws"' in line]
    read: dict[str, Any] = json.loads(line)
    return read


@pytest.mark.usefixtures("pending")
def test_where_nothing_is_stale_nobody_is_mailed_and_that_it_ran_is_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    told = report(answers())
    assert (told["result"], told["stale"], told["told"]) == ("Nothing is stale", [], [])
    assert (world.mails, world.announced) == ([], [])
    counted = metrics(capsys.readouterr().out)
    (directive,) = counted["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Runbooks", [["service"]])
    assert (counted["service"], counted["Drill"], counted["Stale"]) == (SERVICE, [1], [0])


@pytest.mark.usefixtures("pending")
def test_the_report_says_what_was_looked_at_and_what_was_not(world: World) -> None:  # noqa: ARG001
    told = report(answers())
    assert (told["service"], told["drill"]) == (SERVICE, "d-1")
    assert told["seen"] == {name: f"{name} was looked at" for name in answers()}
    assert "subnets" in told["unseen"]


@pytest.mark.usefixtures("pending")
def test_checks_that_fail_on_the_same_missing_thing_are_one_with_the_word_that_names_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    told = report(answers() | {"service": failed(GONE), "tasks": failed(GONE)})
    (one,) = told["stale"]
    assert one["what"] == GONE
    users = [r.runbook.name for r in compiled.read_all() if {"service", "tasks"} <= r.runbook.checks.keys()]
    assert one["where"] == f"resources.cluster, given to {'; '.join(f'{name}: service, tasks' for name in users)}"
    assert len(users) > 1
    assert "deploy" in one["todo"]
    assert metrics(capsys.readouterr().out)["Stale"] == [1]
    assert [mail.to for mail in world.mails] == told["told"] == EVERYBODY
    assert world.mails[0].subject == "[ganopa-bot] Drill: 1 thing is stale"
    assert all(text in world.mails[0].text for text in (one["what"], one["where"], one["todo"], "ganopa-bot-drill"))
    assert world.announced == []


@pytest.mark.usefixtures("pending")
def test_what_aws_itself_does_not_find_is_missing_too(world: World) -> None:  # noqa: ARG001
    told = report(answers() | {"tasks": failed("Cluster vancelian-dev-api-cluster", "ClusterNotFoundException")})
    assert told["stale"][0]["where"].startswith("resources.cluster, given to ")


@pytest.mark.usefixtures("pending")
def test_what_the_runbook_itself_names_is_found_there(world: World) -> None:  # noqa: ARG001
    (one,) = report(answers() | {"presented": failed("there is no certificate of 30 days in here")})["stale"]
    assert one["where"] == "https_broken.checks.presented.with.days, given to https_broken: presented"


@pytest.mark.usefixtures("pending")
def test_what_is_given_as_nothing_names_nothing(world: World) -> None:  # noqa: ARG001
    assert compiled.read(RUNBOOK).service.resources["expected_version"] == ""
    (one,) = report(answers() | {"version": failed(GONE)})["stale"]
    assert one["where"].startswith("resources.cluster, given to ")


@pytest.mark.usefixtures("pending")
def test_a_part_of_a_longer_name_is_not_that_name(world: World) -> None:  # noqa: ARG001
    text = "there is no ECS cluster vancelian-dev-api-cluster-2 in x/vancelian-dev-api-cluster"
    assert report(answers() | {"service": failed(text)})["stale"][0]["where"].startswith("targets_missing: ")


@pytest.mark.usefixtures("pending")
def test_a_check_that_fails_otherwise_is_told_with_its_error(world: World) -> None:
    (one,) = report(answers() | {"answer": failed("no answer after 5 s", "TimeoutError")})["stale"]
    assert one["what"] == "A check fails: TimeoutError: no answer after 5 s"
    assert one["where"] == "bot_echoes: answer"
    assert one["what"] in world.mails[0].text


@pytest.mark.usefixtures("pending")
def test_a_check_without_an_answer_fails(world: World) -> None:  # noqa: ARG001
    found = answers()
    del found["webhook"]
    assert report(found)["stale"][0]["what"] == "A check fails: no answer"


@pytest.mark.usefixtures("pending")
def test_a_signal_that_is_unknown_is_told_as_its_question(world: World) -> None:  # noqa: ARG001
    found = answers()
    found["answer"]["signals"]["no-answer"] = None
    (one,) = report(found)["stale"]
    question = compiled.read("bot_echoes").questions["answer"]["no-answer"]
    assert one["what"] == f"Unknown: {question}"
    assert one["where"] == "bot_echoes: answer, which says: answer was looked at"


def test_who_cannot_be_mailed_is_told_to_the_others_and_where_alarms_are_heard(world: World, pending: Pending) -> None:
    pending |= {(LINA, TOPIC), (LINA, OPERATIONS)}
    told = report(answers())
    (one,) = told["stale"]
    assert one["what"].startswith(f"{LINA} has not confirmed")
    assert one["where"] == f"SNS topics {TOPIC}, {OPERATIONS}"
    assert [mail.to for mail in world.mails] == told["told"] == [AMEL, KARIM]
    (announced,) = world.announced
    assert announced == world.mails[0].text
    assert one["what"] in announced


def test_who_only_misses_alarms_is_mailed_as_everybody(world: World, pending: Pending) -> None:
    pending |= {(KARIM, OPERATIONS)}
    (one,) = report(answers())["stale"]
    assert one["where"] == f"SNS topics {OPERATIONS}"
    assert [mail.to for mail in world.mails] == EVERYBODY
    assert world.announced == []


@pytest.mark.usefixtures("pending")
def test_a_kill_switch_that_cannot_be_read_is_stale_and_a_pulled_one_is_not(world: World) -> None:
    world.switch("a migration")
    assert report(answers())["stale"] == []
    world.switch(None)
    (one,) = report(answers())["stale"]
    assert one["what"] == f"The kill switch {stops.EVERYTHING} is missing, so nothing is changed."


@pytest.mark.usefixtures("pending")
def test_a_service_that_is_not_well_is_no_stale_runbook_but_is_said_beside_it(world: World) -> None:
    title = compiled.read(RUNBOOK).runbook.title
    told = report(answers("health.failing"))
    assert (told["stale"], told["unwell"]) == ([], [title])
    report(answers("health.failing") | {"image": failed(GONE)})
    assert f"part of this may be an incident's: {title}" in world.mails[0].text


def test_where_the_mail_cannot_be_sent_nothing_counts_as_drilled(
    world: World, pending: Pending, capsys: pytest.CaptureFixture[str]
) -> None:
    pending |= {(LINA, TOPIC)}
    world.aws.client("sns").delete_topic(TopicArn=OPERATIONS)
    with pytest.raises(Exception, match="NotFound"):
        report(answers())
    assert '"_aws"' not in capsys.readouterr().out
