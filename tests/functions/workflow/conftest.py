from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.stepfunctions.models import StepFunctionBackend

from functions.core import catalogue
from functions.core.aws import Session
from functions.core.step import Step
from statemachines import compile as compiler
from statemachines import compiled, load
from tests.actions import Actions
from tests.functions.workflow import world as names
from tests.functions.workflow.world import World


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled runbooks, as they lie in the functions' package."""
    folder = tmp_path_factory.mktemp("compiled")
    for service in load.services().values():
        for runbook in service.runbooks:
            compiled.write(compiler.compiled(service, load.runbooks()[runbook]), folder)
    return folder


@pytest.fixture
def environment(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda gives the functions, and their package."""
    values = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": names.REGION,
        "AWS_REGION": names.REGION,
        "INCIDENTS_TABLE": names.TABLE,
        "NOTIFICATIONS_TOPIC": names.TOPIC,
        "APPROVAL_URL": names.URL,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(compiled, "FOLDER", package)


@pytest.fixture(scope="session")
def session(actions: Actions) -> Session:
    """One session for all tests: its clients are slow to make, and moto answers all of them."""
    session = Session()
    actions.watch(session)
    for step in catalogue.steps().values():
        step.session = session
    return session


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What Step Functions is told: moto, which runs no state machine here, only has to write it down."""
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(
        StepFunctionBackend, "send_task_success", lambda _, task_token, outcome: told.append((task_token, outcome))
    )
    return told


@pytest.fixture
def recorded(actions: Actions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record which actions each step calls: one that it does not declare fails the test."""
    call = Step.__call__

    def watched(step: Step, event: dict[str, Any], context: object = None) -> dict[str, Any]:
        with actions.of(step):
            return call(step, event, context)

    monkeypatch.setattr(Step, "__call__", watched)


@pytest.fixture
def world(
    environment: None,  # noqa: ARG001
    recorded: None,  # noqa: ARG001
    session: Session,
    answers: list[tuple[str, str]],
) -> Iterator[World]:
    """An empty incident table and a topic."""
    with mock_aws():
        session.client("sns").create_topic(Name=names.TOPIC.rpartition(":")[2])
        session.client("dynamodb").create_table(
            TableName=names.TABLE,
            KeySchema=[
                {"AttributeName": "incident", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "incident", "AttributeType": "S"},
                {"AttributeName": "item", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield World(session, answers)
