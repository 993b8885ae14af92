"""The kill switches: who makes them, who reads them, and that no function can set one."""

import json
from pathlib import Path

import pytest

from functions.core import stops
from statemachines import load
from tests.infra.template import Template, allowing, listed

PLACE = "me-central-1:123456789012"
STACK = "runbooks-123456789012-me-central-1"
SWITCHES = {f"arn:aws:ssm:{PLACE}:parameter{name}" for name in stops.switches("ganopa-bot")}
READING = {"ssm:GetParameters", "ssm:GetParameterHistory"}
READERS = {"dispatch", "request-approval", "approval-page", "approval-command"}  # and every fix
ONLY_VALUES = {"report-drill": {"ssm:GetParameters"}}  # whoever set them: it says whether they can be read


@pytest.fixture
def shared(template: Template) -> Template:
    """The stack of the switch that stops everything, synthesized beside the service's."""
    return Template.read(template.path.with_name(f"{STACK}.template.json"))


def made(template: Template) -> dict[str, str]:
    """List a stack's switches by name, with what they say at first."""
    parameters = template.of("SSM::Parameter").values()
    assert {one["Type"] for one in parameters} <= {"String"}
    return {one["Name"]: one["Value"] for one in parameters}


def test_the_switch_of_everything_has_a_stack_of_its_own_with_nothing_else(shared: Template) -> None:
    assert made(shared) == {"/runbooks/switch": "go"}
    assert len(shared.resources) == 1


def test_each_service_has_its_own_switch(template: Template) -> None:
    assert made(template) == {"/runbooks/ganopa-bot/switch": "go"}


def test_a_switch_says_how_it_is_used(template: Template, shared: Template) -> None:
    for stack, stopped in ((template, load.services()["ganopa-bot"].title), (shared, "all services")):
        (switch,) = stack.of("SSM::Parameter").values()
        assert switch["Description"] == (
            f"go lets runbooks change {stopped}; anything else stops every change, and is read as the reason"
        )


def test_the_service_is_deployed_after_the_switch_of_everything(template: Template) -> None:
    """Its functions stop for a switch that is missing."""
    artifacts = json.loads((template.path.parent / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    assert STACK in artifacts["ganopa-bot"]["dependencies"]
    assert artifacts[STACK]["environment"] == "aws://123456789012/me-central-1"
    assert artifacts[STACK]["properties"]["stackName"] == "runbooks"


def test_who_reads_the_switches_may_read_exactly_these_two(template: Template) -> None:
    for function in template.of("Lambda::Function").values():
        name = function["FunctionName"].removeprefix("ganopa-bot-")
        allowed = {pair for pair in template.allowed(function) if pair[0].startswith("ssm:")}
        reads = READING if name in READERS or name.startswith("fix-") else ONLY_VALUES.get(name, set())
        assert allowed == {(action, switch) for action in reads for switch in SWITCHES}, name


def test_no_role_may_write_a_switch_or_anything_else_of_ssm(template: Template) -> None:
    actions = {
        action
        for role in template.of("IAM::Role").values()
        for statement in allowing(role)
        for action in listed(statement["Action"])
    }
    assert {action for action in actions if action.partition(":")[0] in ("ssm", "*")} == READING


def test_services_of_one_place_share_their_switch_and_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from aws_cdk import App, Stack

    from infra import app

    monkeypatch.setattr(app, "ServiceStack", lambda scope, service, *_: Stack(scope, service.name))
    original = load.services()["ganopa-bot"]
    places = {"one": "me-central-1", "two": "me-central-1", "three": "eu-west-1"}
    services = [original.model_copy(update={"name": name, "region": region}) for name, region in places.items()]
    scope = App(outdir=str(tmp_path))
    app.stacks(scope, services, {}, {})
    assembly = scope.synth()
    needed = {name: [one.id for one in assembly.get_stack_by_name(name).dependencies] for name in places}
    assert {name: [one for one in ids if one.startswith("runbooks-")] for name, ids in needed.items()} == {
        "one": [STACK],
        "two": [STACK],
        "three": ["runbooks-123456789012-eu-west-1"],
    }
