import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from moto import mock_aws
from moto.cloudtrail.responses import CloudTrailResponse
from moto.stepfunctions.models import StepFunctionBackend

from functions.core import approval, catalogue, stops
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.step import Step
from statemachines import compile as compiler
from statemachines import compiled, compiled_audit, load
from statemachines.model import Service
from tests.actions import Actions
from tests.functions.workflow import world as names
from tests.functions.workflow.trail import Trail
from tests.functions.workflow.world import World

Rules = Callable[..., None]
Overtaken = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The compiled runbooks of each service, as they lie in its functions' package."""
    runbooks, folders = load.runbooks(), {name: tmp_path_factory.mktemp("compiled") for name in load.services()}
    for name, service in load.services().items():
        for runbook in service.runbooks:
            compiled.write(compiler.compiled(service, runbooks[runbook]), folders[name])
        if service.audit:
            compiled_audit.write(compiler.audited(service, load.audits()[service.audit.audit]), folders[name])
    return folders


@pytest.fixture
def package(packages: dict[str, Path]) -> Path:
    """The service's that most tests are about."""
    return packages["ganopa-bot"]


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
        "OPERATIONS_TOPIC": names.OPERATIONS,
        "APPROVAL_URL": names.URL,
        "TOKEN_KEY": names.KEY,
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
    """An empty incident table, two topics, and kill switches that let everything go."""
    with mock_aws():
        key = session.client("kms").create_key()["KeyMetadata"]["KeyId"]
        session.client("kms").create_alias(AliasName=names.KEY, TargetKeyId=key)
        for switch in stops.switches("ganopa-bot"):
            session.client("ssm").put_parameter(Name=switch, Value=stops.GO, Type="String")
        for topic in (names.TOPIC, names.OPERATIONS):
            session.client("sns").create_topic(Name=topic.rpartition(":")[2])
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


@pytest.fixture
def state_machine(world: World) -> str:
    """The runbook's state machine, which moto only keeps account of."""
    arn = compiled.read(names.RUNBOOK).state_machine
    world.aws.client("stepfunctions").create_state_machine(
        name=arn.rpartition(":")[2],
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/states",
    )
    return arn


@pytest.fixture
def rules(world: World, monkeypatch: pytest.MonkeyPatch) -> Rules:  # noqa: ARG001 (puts the package in place)
    """Change how the service's approvers decide, how risky every fix is, and what else its file and the runbook's say.

    `rules(risk="high", own_requests="refused", also={"limits": …}, runbook={"operation": True})`
    """

    def change(
        *,
        risk: str | None = None,
        also: dict[str, Any] | None = None,
        runbook: dict[str, Any] | None = None,
        **decided: Any,
    ) -> None:
        original = compiled.read(names.RUNBOOK)
        document = original.service.model_dump()
        service = Service.model_validate(document | {"approval": document["approval"] | decided} | (also or {}))
        fixes = {name: fix.model_copy(update={"risk": risk or fix.risk}) for name, fix in original.fixes.items()}
        procedure = original.runbook.model_copy(update=runbook or {})
        changed = original.model_copy(update={"service": service, "fixes": fixes, "runbook": procedure})
        monkeypatch.setattr(compiled, "read", lambda _: changed)
        monkeypatch.setattr(compiled, "read_all", lambda: [changed])

    return change


@pytest.fixture
def overtaken(monkeypatch: pytest.MonkeyPatch) -> Overtaken:
    """Let somebody be faster, once: `overtaken(act)` acts after a question was read, and before it is changed."""
    change = approval.change

    def by(act: Callable[[], object]) -> None:
        def changed(*args: Any, **values: Any) -> Approval:
            monkeypatch.setattr(approval, "change", change)
            act()
            return change(*args, **values)

        monkeypatch.setattr(approval, "change", changed)

    return by


@pytest.fixture
def ladder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (puts the package in place)
    """Let a closed port be opened first, and the health check be corrected only where that has not helped."""
    original = compiled.read(names.RUNBOOK)
    causes = {cause.name: cause for cause in original.runbook.causes}
    port = causes["port-closed-to-load-balancer"]
    rungs = [*port.fix, *causes["health-check-wrong"].fix]
    causes[port.name] = port.model_copy(update={"fix": rungs, "ladder": True})
    runbook = original.runbook.model_copy(update={"causes": list(causes.values())})
    changed = original.model_copy(update={"runbook": runbook})
    monkeypatch.setattr(compiled, "read", lambda _: changed)


@pytest.fixture
def each_port(world: World, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (puts the package in place)
    """Let every port that the check of the firewall lists be opened."""
    original = compiled.read(names.RUNBOOK)
    causes = {cause.name: cause for cause in original.runbook.causes}
    port = causes["port-closed-to-load-balancer"]
    given = port.fix[0].with_ | {"port": "{firewall.ports}"}
    changes = {"with_": given, "each": "firewall.ports", "before": "port {firewall.ports} closed"}
    causes[port.name] = port.model_copy(update={"fix": [port.fix[0].model_copy(update=changes)]})
    runbook = original.runbook.model_copy(update={"causes": list(causes.values())})
    monkeypatch.setattr(compiled, "read", lambda _: original.model_copy(update={"runbook": runbook}))


@pytest.fixture
def trail(world: World, monkeypatch: pytest.MonkeyPatch) -> Trail:  # noqa: ARG001 (as above)
    """CloudTrail, which has learned of nothing yet."""
    trail = Trail()

    def answer(response: CloudTrailResponse) -> Any:
        return trail.lookup_events(response)

    monkeypatch.setattr(CloudTrailResponse, "lookup_events", answer, raising=False)
    return trail


@pytest.fixture
def requests(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:  # noqa: ARG001 (as above)
    """Every request to AWS from now on, by its operation."""
    made: list[str] = []
    call = vars(BaseClient)["_make_api_call"]  # the one place that all requests pass

    def watched(client: BaseClient, operation: str, parameters: Any) -> Any:
        made.append(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    return made
