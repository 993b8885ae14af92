from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.core import occasions
from functions.workflow import tidy_up
from statemachines import compiled
from tests.functions.workflow.test_approval_page import forms
from tests.functions.workflow.world import AMEL, INCIDENT, KARIM, LINA, RUNBOOK, World

OTHER = "another-incident"
CHANGE: dict[str, Any] = {
    "fix": "open_security_group_port",
    "state": "done",
    "before": {"open": False},
    "after": {"open": True},
    "undo": {"port": 8000},
}


def ended(status: str = "ABORTED", **detail: Any) -> bool:
    """Let EventBridge tell that the incident's execution has ended."""
    named = {"name": INCIDENT, "stateMachineArn": compiled.read(RUNBOOK).state_machine, "status": status}
    event = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change"}
    return bool(tidy_up.handler({**event, "detail": {**named, "error": None, "cause": None, **detail}})["tidied"])


def holder(world: World) -> str:
    held = world.incidents.get("target#ganopa-bot", "lock") or {}
    return str(held.get("holder", ""))


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_open_incident_is_closed_as_stopped_and_people_are_told(world: World, status: str) -> None:
    world.open()
    assert ended(status, error="ByHand", cause="Amel pressed stop")
    assert (world.record["state"], world.record["outcome"]) == ("closed", "stopped")
    assert [mail.to for mail in world.mails] == [AMEL, KARIM, LINA]
    assert "its execution was stopped from outside, or died" in world.mails[0].text
    assert "ByHand: Amel pressed stop" in world.mails[0].text


def test_without_an_error_the_status_says_how_it_ended(world: World) -> None:
    world.open()
    ended("TIMED_OUT")
    assert "\nTIMED_OUT\n" in world.mails[0].text


def test_an_open_question_is_withdrawn_and_its_link_says_so(world: World) -> None:
    link = world.ask()[0].link
    form = forms(world.page(link))[0]
    ended()
    assert world.question()["state"] == "withdrawn"
    assert not forms(world.page(link))
    world.page(link, "POST", form | {"decision": "approve"})
    assert (world.question()["state"], world.question()["decisions"]) == ("withdrawn", [])


def test_lock_and_target_are_given_back(world: World) -> None:
    world.open()
    world.lock()
    runbook = compiled.read(RUNBOOK)
    assert occasions.claim(world.aws, runbook, INCIDENT).made
    ended()
    assert (holder(world), occasions.holder(world.incidents, runbook)) == ("", "")


def test_what_others_hold_stays_theirs(world: World) -> None:
    world.open()
    world.lock(incident=OTHER)
    runbook = compiled.read(RUNBOOK)
    assert occasions.claim(world.aws, runbook, OTHER).made
    ended()
    assert (holder(world), occasions.holder(world.incidents, runbook)) == (OTHER, OTHER)


def test_changes_that_are_not_undone_are_named(world: World) -> None:
    world.open()
    changes = [CHANGE, CHANGE | {"state": "started"}, CHANGE | {"undone": True}, CHANGE | {"after": {"open": False}}]
    for number, change in enumerate(changes):
        world.incidents.create(INCIDENT, f"change#1#{number}", change)
    ended()
    named = [line for line in world.timeline if "open_security_group_port" in line]
    assert named == [
        "Changed and not undone: open_security_group_port: was open False, is open True",
        "Interrupted, perhaps changed: open_security_group_port: was open False, was to become open True",
    ]
    assert all(line in world.mails[0].text for line in named)


def test_told_twice_it_is_done_once(world: World) -> None:
    world.open()
    assert (ended(), ended()) == (True, False)
    assert len(world.mails) == 3
    assert [line for line in world.timeline if line.startswith("Closed")] == [
        "Closed: the execution was stopped or died, handed to people"
    ]


def test_where_mail_fails_the_next_attempt_tells(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = world.ask()[0].link
    before, call = len(world.mails), vars(BaseClient)["_make_api_call"]

    def broken(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation == "Publish":
            raise ClientError({"Error": {"Code": "InternalError", "Message": "down"}}, operation)
        return call(client, operation, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", broken)
        with pytest.raises(ClientError, match="down"):
            ended()
    assert world.question()["state"] == "withdrawn"
    assert not forms(world.page(link))
    assert (ended(), len(world.mails) - before, ended()) == (True, 3, False)


@pytest.mark.parametrize("outcome", ["failed", "not fixed", "recovered"])
def test_what_the_chain_closed_itself_is_left_as_it_is(world: World, outcome: str) -> None:
    world.open()
    world.close(outcome)
    before = (world.record, world.timeline)
    assert not ended("FAILED")
    assert (world.record, world.timeline, world.mails) == (*before, [])


def test_an_execution_without_a_record_gives_back_what_it_holds(world: World) -> None:
    runbook = compiled.read(RUNBOOK)
    occasions.claim(world.aws, runbook, INCIDENT)
    assert not ended("FAILED", error="BadInput")
    assert occasions.holder(world.incidents, runbook) == ""
    assert world.mails == []


def test_success_is_nothing_to_tidy_up(world: World) -> None:
    world.open()
    with pytest.raises(ValidationError):
        ended("SUCCEEDED")
    assert world.record["state"] == "open"
