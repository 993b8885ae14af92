import json
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from boto3.session import Session
from botocore.client import BaseClient
from moto import mock_aws

from cli import history as command
from functions.core import language
from functions.core.incidents import Incidents
from tests.functions.core.test_history import everything
from tests.functions.parsed import READER

TABLE, REGION = "harena-incidents", "me-central-1"
READING = {"DescribeStacks", "Scan", "Query"}
Show = Callable[..., tuple[int, str, str]]
STACK = {"Resources": {"Any": {"Type": "AWS::SNS::Topic"}}}
OUTPUT = {"Outputs": {"IncidentsTable": {"Value": TABLE}}}


@pytest.fixture
def incidents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Incidents]:
    """Harena's incident table, which its stack names, in an otherwise empty account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("SERVICE_LANGUAGE", "en")  # restored afterwards, as the next one
    monkeypatch.setattr(language, "LOCALES", language.LOCALES)
    with mock_aws():
        yield _made(Session(region_name=REGION))


def _made(session: Session) -> Incidents:
    keys = {"incident": "HASH", "item": "RANGE"}
    session.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    session.client("cloudformation").create_stack(StackName="harena", TemplateBody=json.dumps(STACK | OUTPUT))
    return Incidents(session, TABLE)


@pytest.fixture
def show(incidents: Incidents, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:  # noqa: ARG001
    """Call the command; return its status, and what it printed."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["history", *arguments])
        status = command.main()
        return (status, *capsys.readouterr())

    return call


def keep(incidents: Incidents, name: str, **record: Any) -> None:
    """Put an incident into the table."""
    found = everything(incident=name, runbook="port_bound_to_localhost", **record)
    incidents.create(name, "record", found["record"])
    incidents.note(name, "a line")


def headings(document: str) -> list[str]:
    """List a document's headings."""
    tokens = READER.parse(document)
    return [one.content for before, one in pairwise(tokens) if before.type == "heading_open"]


def test_all_closed_incidents_are_printed_the_newest_first_in_the_services_language(
    incidents: Incidents, show: Show
) -> None:
    for day in (20, 22, 21):
        at = f"2026-11-{day}T10:00:00.000+00:00"
        keep(incidents, f"i-{day}", opened_at=at, trigger={"kind": "person"}, closed_at=at)
    keep(incidents, "i-open", state="open")
    incidents.create("target#harena", "lock", {"state": "closed"})
    status, document, problem = show("harena")
    assert (status, problem) == (0, "")
    assert headings(document)[0] == "Historique des incidents : Harena (harena-allinone-dev)"
    assert [one[:10] for one in headings(document)[1:]] == ["2026-11-22", "2026-11-21", "2026-11-20"]
    assert "**Prévention :** Script deploy-verified.sh + monitoring automatique" in document


def test_a_table_of_many_pages_is_read_whole(incidents: Incidents, show: Show) -> None:
    for number in range(6):
        keep(incidents, f"i-{number}", padding="x" * 300_000)
    _, document, _ = show("harena")
    assert len(headings(document)) == 1 + 6


def test_it_only_reads(incidents: Incidents, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(incidents, "i")
    called: set[str] = set()
    call = vars(BaseClient)["_make_api_call"]

    def watched(client: BaseClient, operation: str, parameters: Any) -> Any:
        called.add(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    assert show("harena")[0] == 0
    assert called == READING


def test_where_nothing_was_closed_it_says_so(show: Show) -> None:
    status, document, _ = show("harena")
    assert (status, "Aucun incident n’a encore été clos." in document.replace("\\", "")) == (0, True)


def test_an_incident_of_a_runbook_that_is_gone_is_named_and_the_others_are_printed(
    incidents: Incidents, show: Show
) -> None:
    keep(incidents, "i-1")
    incidents.create("i-2", "record", everything(incident="i-2", runbook="gone")["record"])
    status, document, problem = show("harena")
    assert (status, len(headings(document))) == (1, 2)
    assert problem == "Left out, because their runbooks are not in statemachines/runbooks any more: i-2 (gone)\n"


def test_another_service_is_told_which_there_are(show: Show) -> None:
    assert show("harina") == (2, "", "There is no service harina. There are: ganopa-bot, harena, huntaze.\n")


def test_a_stack_that_is_not_there_says_what_to_do(show: Show) -> None:
    status, document, problem = show("ganopa-bot")
    assert (status, document) == (2, "")
    assert problem.startswith("The stack ganopa-bot in me-central-1 cannot be read: ")
    assert "make deploy SERVICE=ganopa-bot" in problem


def test_a_table_that_is_not_there_says_what_to_do(show: Show) -> None:
    status, document, problem = show("harena", "--table", "gone")
    assert (status, document) == (2, "")
    assert problem.startswith("There is no table gone in me-central-1. ")


def test_a_stack_without_a_table_says_what_to_do(show: Show) -> None:
    stacks = Session(region_name=REGION).client("cloudformation")
    stacks.create_stack(StackName="ganopa-bot", TemplateBody=json.dumps(STACK))
    status, _, problem = show("ganopa-bot")
    assert (status, "has no output IncidentsTable" in problem) == (2, True)
