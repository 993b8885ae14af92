"""CloudFormation: AWS::StepFunctions::StateMachine with all its properties, in the backend that can run it."""

import json
from typing import Any

from moto.s3.models import s3_backends
from moto.stepfunctions import models
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.patches.replaced import replace


def install() -> None:
    """Let the template's state machine go to the interpreter's backend, and offer AWS's attributes."""
    replace(models, "stepfunctions_backends", stepfunctions_parser_backends)
    replace(models.StateMachine, "create_from_cloudformation_json", staticmethod(_create))
    replace(models.StateMachine, "update_from_cloudformation_json", staticmethod(_update))
    replace(models.StateMachine, "delete_from_cloudformation_json", staticmethod(_delete))
    replace(models.StateMachine, "has_cfn_attr", staticmethod(lambda attr: attr in {"Arn", "Name"}))
    replace(models.StateMachine, "get_cfn_attribute", _attribute)


def _create(
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_: Any,
) -> models.StateMachine:
    properties = cloudformation_json["Properties"]
    return stepfunctions_parser_backends[account_id][region_name].create_state_machine(
        properties.get("StateMachineName", resource_name),
        _definition(properties, account_id),
        properties["RoleArn"],
        tags=models.cfn_to_api_tags(properties.get("Tags", [])),
        loggingConfiguration=_lower(properties.get("LoggingConfiguration")),
        tracingConfiguration=_lower(properties.get("TracingConfiguration")),
        sm_type=properties.get("StateMachineType"),
    )


def _update(
    original_resource: models.StateMachine,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> models.StateMachine:
    properties = cloudformation_json["Properties"]
    name = properties.get("StateMachineName", original_resource.name)
    if name != original_resource.name:
        _delete(original_resource.arn, cloudformation_json, account_id, region_name)
        return _create(new_resource_name, cloudformation_json, account_id, region_name)
    return stepfunctions_parser_backends[account_id][region_name].update_state_machine(
        original_resource.arn,
        definition=_definition(properties, account_id),
        role_arn=properties["RoleArn"],
        logging_configuration=_lower(properties.get("LoggingConfiguration")),
        tracing_configuration=_lower(properties.get("TracingConfiguration")),
    )


def _delete(
    resource_name: str,
    cloudformation_json: dict[str, Any],  # noqa: ARG001  moto's signature
    account_id: str,
    region_name: str,
) -> None:
    stepfunctions_parser_backends[account_id][region_name].delete_state_machine(resource_name)


def _definition(properties: dict[str, Any], account_id: str) -> str:
    if "DefinitionS3Location" in properties:
        where = properties["DefinitionS3Location"]
        asset: Any = s3_backends[account_id]["aws"].get_object(where["Bucket"], where["Key"])
        text = asset.value.decode()
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    else:
        text = properties["DefinitionString"]
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", str(value))
    return str(text)


def _attribute(self: models.StateMachine, attribute_name: str) -> Any:
    if attribute_name == "Arn":
        return self.arn
    return replace.original(models.StateMachine, "get_cfn_attribute")(self, attribute_name)


def _lower(value: Any) -> Any:
    """Return CloudFormation's property names as the API spells them: with a small first letter."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lower(one) for name, one in value.items()}
    return [_lower(one) for one in value] if isinstance(value, list) else value
