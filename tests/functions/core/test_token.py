import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.core import token
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.test_approval_page import approve
from tests.functions.workflow.world import FIRST, INCIDENT, KARIM, PRINCIPALS, REMINDER, World

SECRET = "AQCEAAAAKgAAAAMAAAAAAAAAAd0wQ"


def test_what_is_sealed_opens_again(world: World) -> None:
    sealed = token.sealed(world.aws, SECRET, INCIDENT, 1)
    assert token.opened(world.aws, sealed, INCIDENT, 1) == SECRET


def test_what_is_sealed_does_not_show_what_it_is(world: World) -> None:
    sealed = token.sealed(world.aws, SECRET, INCIDENT, 1)
    assert SECRET not in sealed
    assert SECRET.encode() not in base64.b64decode(sealed)
    assert sealed != token.sealed(world.aws, SECRET, INCIDENT, 1)


@pytest.mark.parametrize(("incident", "round_number"), [("another", 1), (INCIDENT, 2), (f"{INCIDENT}1", 1), ("", 1)])
def test_a_token_opens_for_its_own_question_only(world: World, incident: str, round_number: int) -> None:
    sealed = token.sealed(world.aws, SECRET, INCIDENT, 1)
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        token.opened(world.aws, sealed, incident, round_number)


def test_a_token_that_somebody_changed_does_not_open(world: World) -> None:
    sealed = bytearray(base64.b64decode(token.sealed(world.aws, SECRET, INCIDENT, 1)))
    sealed[-1] ^= 1
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        token.opened(world.aws, base64.b64encode(sealed).decode(), INCIDENT, 1)


@contextmanager
def nothing_in_clear(world: World, *secrets: str) -> Iterator[None]:
    """Look through the whole table after a step, for a token and for the links of every mail so far."""
    yield
    table = json.dumps(world.items)
    for secret in (*secrets, *(mail.link for mail in world.mails if "/incidents/" in mail.text)):
        assert secret not in table
        assert base64.b64encode(secret.encode()).decode().rstrip("=") not in table


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_no_step_leaves_the_token_or_a_link_in_clear(world: World, rules: Rules, decision: str) -> None:
    rules(policy={"low": "two", "medium": "two", "high": "two"})
    with nothing_in_clear(world, SECRET):
        link = world.ask(token=SECRET)[0].link
    with nothing_in_clear(world, SECRET):
        world.silence(FIRST)
    with nothing_in_clear(world, SECRET, f"{SECRET}2"):
        world.call(REMINDER, token=f"{SECRET}2")
    with nothing_in_clear(world, SECRET):
        approve(world, link, decision=decision, reason="no")
    with nothing_in_clear(world, SECRET):
        given = {"decision": "approved", "digest": world.plan.digest}
        world.command(PRINCIPALS[KARIM], given)
    with nothing_in_clear(world, SECRET):
        world.close("recovered")
    assert [told for told, _ in world.answers] == [f"{SECRET}2"]


def test_no_answer_of_page_or_command_holds_the_token(world: World) -> None:
    link = world.ask(token=SECRET)[0].link
    given: dict[str, Any] = {"decision": "approved", "digest": world.plan.digest}
    answers = [
        world.page(link),
        world.command(PRINCIPALS[KARIM], method="GET"),
        approve(world, link),
        world.command(PRINCIPALS[KARIM], given),
        world.page(link),
    ]
    for answer in answers:
        assert SECRET not in str(answer)
        assert world.question()["token"] not in str(answer)
