"""CloudFormation: change sets as `cdk deploy` needs them, once and again, and templates that are read fast."""

import contextlib
import json
from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import ChangeSet, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.patches.replaced import replace


def install() -> None:
    """Find change sets by name and stack, and leave a stack with its outputs and description."""
    replace(CloudFormationResponse, "describe_change_set", _describe)
    replace(CloudFormationResponse, "delete_change_set", _delete)
    replace(CloudFormationResponse, "execute_change_set", _execute)
    replace(ChangeSet, "apply", _apply)
    replace(Stack, "parse_template", staticmethod(_parse_template))
    replace(ResourceMap, "parse_ssm_parameter", _parse_ssm_parameter)


class ChangeSetNotFound(CloudFormationError):
    """The code that the CDK CLI waits for after it deleted a change set."""

    code = "ChangeSetNotFound"


def _describe(self: CloudFormationResponse) -> ActionResult:
    return ActionResult(_found(self))


def _delete(self: CloudFormationResponse) -> ActionResult:
    with contextlib.suppress(ChangeSetNotFound):
        self.cloudformation_backend.delete_change_set(_found(self).change_set_id)
    return EmptyResult()


def _execute(self: CloudFormationResponse) -> ActionResult:
    self.cloudformation_backend.execute_change_set(_found(self).change_set_id)
    return EmptyResult()


def _found(self: CloudFormationResponse) -> ChangeSet:
    name, stack = self._get_param("ChangeSetName"), self._get_param("StackName")
    for identifier, change_set in self.cloudformation_backend.change_sets.items():
        of_stack = stack in {None, change_set.stack.name, change_set.stack.stack_id}
        if identifier == name or (change_set.change_set_name == name and of_stack):
            return change_set
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")


def _apply(self: ChangeSet) -> None:
    replace.original(ChangeSet, "apply")(self)
    self.stack.template_dict = self.template_dict
    self.stack.description = self.template_dict.get("Description")
    self.stack.output_map = self.stack._create_output_map()


def _parse_ssm_parameter(self: ResourceMap, value: str, value_type: str) -> Any:
    """Resolve a parameter's path; for `UsePreviousValue` moto hands over the value that it resolved before."""
    if not value.startswith("/"):
        return value
    return replace.original(ResourceMap, "parse_ssm_parameter")(self, value, value_type)


def _parse_template(template: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(template)  # the CDK's templates are JSON, which YAML reads 100 times slower
    except ValueError:
        parsed = replace.original(Stack, "parse_template")(template)
    return parsed
