import json
import subprocess
from pathlib import Path

import pytest

from infra.state_machine import invoked
from tests.infra.template import Properties, Template

ROOT = Path(__file__).parents[2]
VALIDATOR = ROOT / "node_modules" / "asl-validator" / "dist" / "bin" / "asl-validator.js"

# What AWS asks for, so that a state machine can write its log and its traces; none of it knows resources
LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
}
TRACES = {
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@pytest.fixture
def machine(template: Template) -> Properties:
    return template.one("StepFunctions::StateMachine", StateMachineName="ganopa-bot-webhook-unavailable")[1]


def test_the_chain_is_valid_amazon_states_language(machine: Properties, node: Path, tmp_path: Path) -> None:
    assert VALIDATOR.exists(), "run: make setup"
    (tmp_path / "chain.json").write_text(machine["DefinitionString"], encoding="utf-8")
    command = [str(node), str(VALIDATOR), "--json-path", str(tmp_path / "chain.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_may_invoke_exactly_the_functions_in_it(template: Template) -> None:
    called: set[str] = set()
    for each in template.of("StepFunctions::StateMachine").values():
        allowed = {resource for action, resource in template.allowed(each) if action == "lambda:InvokeFunction"}
        assert allowed == set(invoked(json.loads(each["DefinitionString"])))
        called |= {arn.rpartition(":")[2] for arn in allowed}
    deployed = {function["FunctionName"] for function in template.of("Lambda::Function").values()}
    outside = {f"ganopa-bot-{name}" for name in ("dispatch", "tidy-up", "approval-page", "approval-command")}
    assert called == deployed - outside


def test_it_may_do_nothing_but_invoke_them_and_tell_of_it(template: Template, machine: Properties) -> None:
    allowed = template.allowed(machine)
    assert {action for action, _ in allowed} == {"lambda:InvokeFunction"} | LOG_DELIVERY | TRACES
    assert {resource for action, resource in allowed if action != "lambda:InvokeFunction"} == {"*"}


def test_it_waits_for_its_functions_to_be_there(template: Template) -> None:
    for name in template.of("StepFunctions::StateMachine"):
        assert template.of("Lambda::Function").keys() <= set(template.resources[name]["DependsOn"])


def test_every_step_is_logged_and_traced_but_never_what_it_carries(machine: Properties) -> None:
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}
