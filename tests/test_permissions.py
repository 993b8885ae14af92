"""Every function declares exactly the IAM actions it calls, each a real one, each on what AWS can narrow it to.

What functions call is recorded while their own tests run; this file runs after them.
"""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from functions.core import catalogue, stops
from functions.core.fix import Fix
from functions.core.function import Function
from infra.audit import kept
from infra.grants import Grant, audited, grants, uses
from statemachines import load
from statemachines.model import Service
from tests import reach
from tests.actions import ALONGSIDE, NAMES, Actions, declared, needed

FUNCTIONS: dict[str, Function] = {
    f"{function.kind}/{name}": function
    for kind in (catalogue.checks(), catalogue.fixes(), catalogue.steps())
    for name, function in kind.items()
}
SERVICES = load.services().values()
AUDITS = load.audits()
USES = {one.name: uses(load.runbooks()[name] for name in one.runbooks) for one in SERVICES}
for one in SERVICES:
    for function, found in audited(one, AUDITS[one.audit.audit] if one.audit else None).items():
        USES[one.name].setdefault(function, []).extend(found)
# AWS's own table of IAM actions, as cfn-lint carries it: prefix → Actions (lower case) → Resources → ARNFormats
IAM = json.loads(resources.files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text())
UNLISTED = {
    "states:SendTaskSuccess": ["statemachine"],  # what AWS asks for, though its table does not say so: aws/aws-cdk#8486
}
UNNARROWED = {
    "ecs:ListTasks": "its resource is the container instance, and Fargate has none",
    "cloudwatch:DescribeAlarms": "an alarm that the service file names may exist before us, or no longer",
    "cloudwatch:ListAlarmMuteRules": "the rules that mute an alarm are other people's, and come and go",
}
UNREACHED = {"ListCommands": "a command is looked for under the name that only a fix gives it"}
UNSEEN = {  # by tests/reach.py
    "ListUsers": "the operation is in a variable: functions/core/iam.py",
    "ListRoles": "the same",
    "DescribeImages": "a method of registry.Repository calls it",
    **dict.fromkeys({action.partition(":")[2] for also in ALONGSIDE.values() for action in also}, "nobody calls it"),
}

every_function = pytest.mark.parametrize("name", FUNCTIONS)


@every_function
def test_declares_exactly_what_it_calls(name: str, actions: Actions, request: pytest.FixtureRequest) -> None:
    function = FUNCTIONS[name]
    own_tests = Path(__file__).parent / Path(*function.entry.split(".")[:-2]) / f"test_{function.name}.py"
    assert own_tests.exists(), f"{name} has no tests of its own: write {own_tests.name}"
    if _partial(request.config) or own_tests not in {item.path for item in request.session.items}:
        pytest.skip(f"only a run of all of {own_tests.name} can tell what is never called")
    unused = declared(function) - needed(actions.called[function.entry])
    assert not unused, f"{name} declares {sorted(unused)} and never calls it: remove it, or test what needs it"


@every_function
def test_declares_what_it_may_come_to_call_whichever_path_it_takes(name: str) -> None:
    function = FUNCTIONS[name]
    entries = [function.body, *(filter(None, (function.revert, function.follow)) if isinstance(function, Fix) else ())]
    may = {
        operation: where
        for entry in entries
        for operation, where in reach.operations(entry.__module__, entry.__name__).items()
    }
    operations = {action.partition(":")[2] for action in declared(function)}
    excused = UNREACHED.keys() if "SendCommand" in operations else set[str]()
    missing = {one: where for one, where in may.items() if not operations & _of_iam(one) and one not in excused}
    assert missing == {}, f"{name} may come to call what it does not declare; on AWS that is AccessDenied"
    seen = set[str]().union(*map(_of_iam, may))
    assert operations - seen <= UNSEEN.keys(), (
        "tests/reach.py does not see how these are called: it may miss others too"
    )


def test_what_every_fix_may_come_to_call_is_declared_too() -> None:
    declared = {action.partition(":")[2] for permission in Fix.bookkeeping for action in permission.actions}
    assert reach.operations("functions.core.fix", "__call__").keys() == declared


def _of_iam(operation: str) -> set[str]:
    """Name what IAM may call an operation."""
    return {operation, *(iam for (_, api), iam in NAMES.items() if api == operation)}


@every_function
def test_every_action_is_real_and_on_its_own_resource(name: str) -> None:
    for grant in _granted(name):
        for action in grant.actions:
            prefix, _, operation = action.partition(":")
            known = IAM[prefix]["Actions"]
            assert operation.lower() in known, f"{name}: IAM knows no action {action}"
            formats = [
                text
                for kind in UNLISTED.get(action, known[operation.lower()].get("Resources", []))
                for text in IAM[prefix]["Resources"][kind]["ARNFormats"]
            ]
            _judge(name, action, grant, formats)


def test_checks_only_read() -> None:
    writing = {
        name: permission.actions
        for name, function in FUNCTIONS.items()
        for permission in function.permissions
        if function.kind == "check" and not permission.reads
    }
    assert writing == {}


def _judge(name: str, action: str, grant: Grant, formats: list[str]) -> None:
    if not formats:
        assert grant.resources == ("*",), f"{name}: {action} knows no resources; on one it would allow nothing"
    elif action in UNNARROWED:
        assert grant.resources == ("*",), f"{name}: {action} is narrowed: remove it from UNNARROWED"
    else:
        patterns = [re.sub(r"\$\{\w+\}", "[^:]*", text) for text in formats]
        wrong = [arn for arn in grant.resources if not any(re.fullmatch(pattern, arn) for pattern in patterns)]
        assert not wrong, f"{name}: {action} does not work on {wrong}, only on {formats}"


def _granted(name: str) -> list[Grant]:
    """Return what a function is granted in every service that has it."""
    stepping = FUNCTIONS[name].kind == "workflow"
    with_it = [one for one in SERVICES if one.audit or name != "workflow/report_audit"]
    own = [one for one in with_it if stepping or name in USES[one.name]]
    if not own:
        pytest.skip("no runbook uses it, so no role is made for it")
    return [
        grant for one in own for grant in grants(FUNCTIONS[name], USES[one.name].get(name, []), one, _resources(one))
    ]


def _resources(service: Service) -> dict[str, str | list[str]]:
    """Name what is the stack's own."""
    place, machine = f"{service.region}:{service.account}", f"{service.name}-{next(iter(service.runbooks))}"
    audit = kept(service, AUDITS[service.audit.audit]) if service.audit else {}
    return audit | {
        "table": f"arn:aws:dynamodb:{place}:table/{service.name}-incidents",
        "topic": f"arn:aws:sns:{place}:{service.name}-approvers",
        "operations": f"arn:aws:sns:{place}:{service.name}-operations",
        "key": f"arn:aws:kms:{place}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "state_machines": [f"arn:aws:states:{place}:stateMachine:{machine}"],
        "executions": [f"arn:aws:states:{place}:execution:{machine}:*"],
        "switches": [f"arn:aws:ssm:{place}:parameter{name}" for name in stops.switches(service.name)],
    }


def _partial(config: pytest.Config) -> bool:
    options: Any = config.option
    return bool(options.keyword or options.markexpr or options.lf or any("::" in argument for argument in config.args))
