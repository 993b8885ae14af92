"""Roles allow exactly what is declared beside the code that needs it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.core import catalogue
from functions.core.function import Function
from statemachines import load
from statemachines.load import functions_of
from tests.infra.template import Template, listed

SERVICE = load.services()["ganopa-bot"]
USES = functions_of(load.runbooks()["webhook_unavailable"])
FUNCTIONS: list[Function] = [
    *(one for one in [*catalogue.checks().values(), *catalogue.fixes().values()] if f"{one.kind}/{one.name}" in USES),
    *catalogue.steps().values(),
]
PLACE = "me-central-1:123456789012"
MACHINE = f"arn:aws:states:{PLACE}:stateMachine:ganopa-bot-webhook-unavailable"
SWITCHES = [f"arn:aws:ssm:{PLACE}:parameter/runbooks{own}/switch" for own in ("", "/ganopa-bot")]
# From the Service Authorization Reference; ListTasks knows container instances, which Fargate does not have.
WITHOUT_RESOURCE = {
    "cloudtrail:LookupEvents",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListAlarmMuteRules",
    "ec2:DescribeSecurityGroups",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_role_allows_what_its_function_declares_and_no_more(template: Template, function: Function) -> None:
    name = f"{'' if function.kind == 'workflow' else f'{function.kind}-'}{function.name}".replace("_", "-")
    deployed = template.function(name)
    own = {
        ("logs:CreateLogStream", _arn(deployed["LoggingConfig"]["LogGroup"]["Ref"])),
        ("logs:PutLogEvents", _arn(deployed["LoggingConfig"]["LogGroup"]["Ref"])),
        ("xray:PutTelemetryRecords", "*"),
        ("xray:PutTraceSegments", "*"),
    }
    if function.name in ("dispatch", "tidy_up"):  # events call them, and one that they fail on is kept
        own.add(("sqs:SendMessage", _arn(template.one("SQS::Queue")[0])))
    assert template.allowed(deployed) == set(_declared(template, function)) | own


def _declared(template: Template, function: Function) -> Iterator[tuple[str, str]]:
    values: dict[str, Any] = {
        "account": "123456789012",
        "region": "me-central-1",
        "table": _arn(template.one("DynamoDB::Table")[0]),
        "key": _arn(template.one("KMS::Key")[0]),
        "topic": json.dumps({"Ref": template.one("SNS::Topic", TopicName="ganopa-bot-notifications")[0]}),
        "state_machines": MACHINE,
        "executions": f"{MACHINE.replace(':stateMachine:', ':execution:')}:*",
    }
    for use in USES.get(f"{function.kind}/{function.name}", [None]):
        given = {name: str(value).format(**SERVICE.resources) for name, value in use.with_.items()} if use else {}
        for permission in (*function.permissions, *function.bookkeeping):
            for action in permission.actions:
                arns = SWITCHES if permission.on == "{switches}" else [permission.on.format(**values | given)]
                yield from ((action, arn) for arn in arns)


def _arn(logical_id: str) -> str:
    return json.dumps({"Fn::GetAtt": [logical_id, "Arn"]})


def test_no_role_has_managed_or_later_added_policies(template: Template) -> None:
    assert not template.of("IAM::Policy")
    (handed_out,) = template.of("IAM::ManagedPolicy").values()
    assert handed_out["ManagedPolicyName"] == "ganopa-bot-approver"
    assert not any("ManagedPolicyArns" in role for role in template.of("IAM::Role").values())


def test_no_action_is_a_wildcard(template: Template) -> None:
    actions = [
        action
        for role in template.of("IAM::Role").values()
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    ]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_only_actions_that_know_no_resource_are_allowed_on_all(template: Template) -> None:
    everywhere = {
        action
        for role in template.of("IAM::Role").values()
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
        for action in listed(statement["Action"])
    }
    assert everywhere <= WITHOUT_RESOURCE


def test_whatever_a_role_names_is_the_services_own(template: Template) -> None:
    """What its file names or its stack makes, in its account and region; and the switch that stops every service."""
    own = [f":{SERVICE.name}-", *(value for value in SERVICE.resources.values() if isinstance(value, str))]
    for arn in _named(template):
        if isinstance(arn, str):
            assert arn.split(":")[3:5] == [SERVICE.region, SERVICE.account], arn
            assert arn in SWITCHES or any(one in arn for one in own), arn
        else:
            assert (arn.get("Ref") or arn["Fn::GetAtt"][0]) in template.resources, arn


def _named(template: Template) -> Iterator[Any]:
    for role in template.of("IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            yield from (arn for arn in listed(statement["Resource"]) if arn != "*")


def test_nothing_but_a_function_or_a_state_machine_has_a_role(template: Template) -> None:
    functions = [one["Role"]["Fn::GetAtt"][0] for one in template.of("Lambda::Function").values()]
    machines = [one["RoleArn"]["Fn::GetAtt"][0] for one in template.of("StepFunctions::StateMachine").values()]
    assert template.of("IAM::Role").keys() == {*functions, *machines}


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    functions = template.of("Lambda::Function").values()
    roles = {function["Role"]["Fn::GetAtt"][0] for function in functions}
    assert len(roles) == len(functions) == len(FUNCTIONS)
