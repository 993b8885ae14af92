"""What only looks cannot write: not by what its code says, but by what its role allows in the synthesized template."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from infra.state_machine import invoked
from statemachines import load
from statemachines.model import AUDIT, DRILL, WATCH
from tests.infra.template import Properties, Template

Pairs = set[tuple[str, str]]  # an action and the resource that it is allowed on
Chain = dict[str, Any]

DIAGNOSING = "{% $opened.mode = 'diagnose' %}"
TRACING = {("xray:PutTelemetryRecords", "*"), ("xray:PutTraceSegments", "*")}
# AWS's own list of what only reads; secrets' values and task tokens are not among it
READING = [
    action
    for statement in json.loads(aws_managed_policies_data)["ReadOnlyAccess"]["Document"]["Statement"]
    for action in statement["Action"]
]


@pytest.fixture(params=load.services())
def template(template: Template, request: pytest.FixtureRequest) -> Template:
    """The stack of each service."""
    return Template.read(template.path.with_name(f"{request.param}.template.json"))


def writes(template: Template, function: Properties) -> Pairs:
    """Return what a role allows besides reading."""
    return {
        (action, resource)
        for action, resource in template.allowed(function)
        if not any(fnmatchcase(action, reading) for reading in READING)
    }


def telling(function: Properties) -> Pairs:
    """Return what every function may do: write its own log, and its traces."""
    log = json.dumps({"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]})
    return {("logs:CreateLogStream", log), ("logs:PutLogEvents", log)} | TRACING


def asking(template: Template) -> Pairs:
    """Return what looking at hosts takes: to send them the stack's own documents that only look, and to end them."""
    documents = [one["Name"] for one in template.of("SSM::Document").values()]
    looking = [name for name in documents if name.startswith(f"{template.service}-look-")]
    resources = load.services()[template.service]
    place = f"{resources.region}:{resources.account}"
    on = [f"arn:aws:ssm:{place}:document/{name}" for name in looking]
    host = resources.resources.get("instance")
    on += [f"arn:aws:{kind}/{host}" for kind in (f"ec2:{place}:instance", f"ssm:{place}:managed-instance") if looking]
    return {("ssm:SendCommand", arn) for arn in on} | ({("ssm:CancelCommand", "*")} if looking else set())


def recording(template: Template) -> Pairs:
    """Return what a step may do: write into the stack's own incident table, and mail through its own topic."""
    table = json.dumps({"Fn::GetAtt": [template.one("DynamoDB::Table")[0], "Arn"]})
    topic = json.dumps({"Ref": template.one("SNS::Topic", TopicName=f"{template.service}-notifications")[0]})
    items = {(f"dynamodb:{verb}Item", table) for verb in ("Put", "Update", "Delete")}
    return items | {("sns:Publish", topic)}


def following(state: dict[str, Any], *, diagnosing: bool) -> Iterator[str]:
    """List the states that may come next, whatever was found; after a rule that surely holds none is looked at."""
    yield from (caught["Next"] for caught in state.get("Catch", []))
    for rule in state.get("Choices", []):
        yield rule["Next"]
        if diagnosing and rule["Condition"] == DIAGNOSING:
            return
    yield from (state[word] for word in ("Next", "Default") if word in state)


def chains(template: Template) -> list[Chain]:
    """Read the definition of every runbook's state machine; what only reports is looked at in its own test."""
    machines = template.of("StepFunctions::StateMachine").values()
    others = {f"{template.service}-{word}" for word in (AUDIT, DRILL, WATCH)}
    runbooks = [machine for machine in machines if machine["StateMachineName"] not in others]
    return [json.loads(machine["DefinitionString"]) for machine in runbooks]


def reached(chain: Chain, service: str, *, diagnosing: bool) -> set[str]:
    """Walk a state machine; return the functions that it may call, by their names."""
    passed: set[str] = set()
    states, waiting = chain["States"], [chain["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in passed:
            passed.add(name)
            waiting += following(states[name], diagnosing=diagnosing)
    return {arn.rpartition(f":{service}-")[2] for name in passed for arn in invoked(states[name])}


def called(template: Template, *, diagnosing: bool) -> set[str]:
    """Walk every runbook's state machine; return the functions that they may call, by their names."""
    return {name for chain in chains(template) for name in reached(chain, template.service, diagnosing=diagnosing)}


def audited(template: Template) -> set[str]:
    """Return the functions that the service's audit may call, by their names."""
    machines = template.of("StepFunctions::StateMachine").values()
    audits = [one["DefinitionString"] for one in machines if one["StateMachineName"] == f"{template.service}-{AUDIT}"]
    return {arn.rpartition(f":{template.service}-")[2] for one in audits for arn in invoked(json.loads(one))}


def names(template: Template, kind: str = "") -> set[str]:
    """Return the names of the deployed functions that begin so."""
    functions = {
        one["FunctionName"].removeprefix(f"{template.service}-") for one in template.of("Lambda::Function").values()
    }
    return {name for name in functions if name.startswith(kind)}


def test_no_check_can_write(template: Template) -> None:
    checks = names(template, "check-")
    assert checks
    for name in checks:
        function = template.function(name)
        assert telling(function) <= writes(template, function) <= telling(function) | asking(template), name


def test_nothing_that_diagnosing_reaches_can_write_but_its_own_records(template: Template) -> None:
    looking = called(template, diagnosing=True)
    assert looking >= names(template, "check-") - audited(template) | {"open-incident", "conclude", "close-incident"}
    for name in looking:
        function = template.function(name)
        assert writes(template, function) <= telling(function) | recording(template) | asking(template), name


def test_what_begins_as_a_diagnosis_remains_one(template: Template) -> None:
    """The walk above takes the mode for what it was in the beginning."""
    for chain in chains(template):
        assert [name for name, state in chain["States"].items() if '"opened":' in json.dumps(state)] == ["Open"]


def test_every_fix_can_be_reached_where_it_is_not_only_diagnosed(template: Template) -> None:
    """Shows that the walk above sees fixes at all."""
    assert called(template, diagnosing=False) >= names(template, "fix-") | {"request-approval"}


@pytest.mark.parametrize("action", ["ecs:UpdateService", "ssm:SendCommand", "secretsmanager:GetSecretValue"])
def test_what_changes_or_reveals_something_does_not_count_as_reading(action: str) -> None:
    assert not any(fnmatchcase(action, reading) for reading in READING)


def test_whatever_is_attached_to_a_checks_role_later_is_denied(template: Template) -> None:
    checks = [one for one in template.of("Lambda::Function").values() if "-check-" in one["FunctionName"]]
    assert checks
    for function in checks:
        (statement,) = template.denied(function)
        assert statement["Resource"] == "*"
        allowed = {action for action, _ in template.allowed(function)}
        assert set(statement["NotAction"]) == allowed | {"kms:Decrypt"}


def test_a_sealed_role_lets_lambda_decrypt_the_environment(template: Template) -> None:
    """Lambda does it as the role, by a grant on its own key: the role need not allow it, and may not deny it."""
    sealed = [one for one in template.of("Lambda::Function").values() if template.denied(one)]
    assert sealed
    for function in sealed:
        assert function["Environment"]["Variables"]
        assert all("kms:Decrypt" in statement["NotAction"] for statement in template.denied(function))
        assert "kms:Decrypt" not in {action for action, _ in template.allowed(function)}
