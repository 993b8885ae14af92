"""Roles allow exactly what is declared beside the code that needs it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.core import catalogue
from functions.core.function import Function
from infra.grants import uses
from statemachines import load
from tests.infra.template import Template, allowing, listed

SERVICE = load.services()["ganopa-bot"]
USES = uses(load.runbooks()[name] for name in SERVICE.runbooks)
ELSEWHERE = {"report_audit", "report_watch"}  # steps that only an audited, or a watched, service has
FUNCTIONS: list[Function] = [
    *(one for one in [*catalogue.checks().values(), *catalogue.fixes().values()] if f"{one.kind}/{one.name}" in USES),
    *(one for one in catalogue.steps().values() if one.name not in ELSEWHERE),
]
PLACE = "me-central-1:123456789012"
MACHINES = [f"arn:aws:states:{PLACE}:stateMachine:ganopa-bot-{name.replace('_', '-')}" for name in SERVICE.runbooks]
SWITCHES = [f"arn:aws:ssm:{PLACE}:parameter/runbooks{own}/switch" for own in ("", "/ganopa-bot")]
SEVERAL = {
    "{switches}": SWITCHES,
    "{state_machines}": MACHINES,
    "{executions}": [f"{machine.replace(':stateMachine:', ':execution:')}:*" for machine in MACHINES],
}
GLOBAL = ("arn:aws:route53:::hostedzone/", "arn:aws:iam::123456789012:role/")  # services without regions
# From the Service Authorization Reference; ListTasks knows container instances, which Fargate does not have.
WITHOUT_RESOURCE = {
    "acm:ListCertificates",
    "acm:RequestCertificate",
    "cloudtrail:LookupEvents",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListAlarmMuteRules",
    "ec2:DescribeSecurityGroups",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
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
        "stack": SERVICE.name,
        "table": _arn(template.one("DynamoDB::Table")[0]),
        "key": _arn(template.one("KMS::Key")[0]),
        "topic": json.dumps({"Ref": template.one("SNS::Topic", TopicName="ganopa-bot-notifications")[0]}),
        "operations": json.dumps({"Ref": template.one("SNS::Topic", TopicName="ganopa-bot-operations")[0]}),
    }
    for found in USES.get(f"{function.kind}/{function.name}", [None]):
        given = _given(found.use.with_) if found else {}
        for permission in (*function.permissions, *function.bookkeeping):
            for action in permission.actions:
                arns = SEVERAL.get(permission.on) or _filled(permission.on, values | given)
                yield from ((action, arn) for arn in arns)


def _given(with_: dict[str, Any]) -> dict[str, Any]:
    """Look up what a check or fix is given; facts are not known yet."""
    resources = {f"{{{name}}}": value for name, value in SERVICE.resources.items()}
    given = {name: resources.get(str(value), value) for name, value in with_.items()}
    load_balancer = str(given.get("load_balancer", "")).partition(":loadbalancer/")[2]
    return given | {"of_load_balancer": load_balancer}


def _filled(on: str, values: dict[str, Any]) -> list[str]:
    """Fill an ARN, once for each of the roles where it is for them."""
    return list(values["roles"]) if on == "{roles}" else [on.format(**values)]


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
        for statement in allowing(role)
        for action in listed(statement["Action"])
    ]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_only_actions_that_know_no_resource_are_allowed_on_all(template: Template) -> None:
    everywhere = {
        action
        for role in template.of("IAM::Role").values()
        for statement in allowing(role)
        if statement["Resource"] == "*"
        for action in listed(statement["Action"])
    }
    assert everywhere <= WITHOUT_RESOURCE


def test_whatever_a_role_names_is_the_services_own(template: Template) -> None:
    """What its file names or its stack makes, in its account and region; and the switch that stops every service."""
    texts = (value for value in SERVICE.resources.values() if isinstance(value, str) and value)
    certificates = f"arn:aws:acm:{PLACE}:certificate/*"  # a new one has a new ARN
    behind = _given({"load_balancer": SERVICE.resources["load_balancer"]})[
        "of_load_balancer"
    ]  # its listeners and rules
    own = [f":{SERVICE.name}-", *texts, *SERVICE.resources["roles"], certificates, behind]
    for arn in _named(template):
        if isinstance(arn, str):
            assert arn.startswith(GLOBAL) or arn.split(":")[3:5] == [SERVICE.region, SERVICE.account], arn
            assert arn in SWITCHES or any(one in arn for one in own), arn
        else:
            assert (arn.get("Ref") or arn["Fn::GetAtt"][0]) in template.resources, arn


def _named(template: Template) -> Iterator[Any]:
    for role in template.of("IAM::Role").values():
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            yield from (arn for arn in listed(statement["Resource"]) if arn != "*")


def test_nothing_but_a_function_a_state_machine_or_a_schedule_has_a_role(template: Template) -> None:
    functions = [one["Role"]["Fn::GetAtt"][0] for one in template.of("Lambda::Function").values()]
    machines = [one["RoleArn"]["Fn::GetAtt"][0] for one in template.of("StepFunctions::StateMachine").values()]
    schedules = [one["Target"]["RoleArn"]["Fn::GetAtt"][0] for one in template.of("Scheduler::Schedule").values()]
    assert template.of("IAM::Role").keys() == {*functions, *machines, *schedules}


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    functions = template.of("Lambda::Function").values()
    roles = {function["Role"]["Fn::GetAtt"][0] for function in functions}
    assert len(roles) == len(functions) == len(FUNCTIONS)
