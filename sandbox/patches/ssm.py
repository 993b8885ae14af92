"""SSM parameters: who changed one last, and a template's updates that keep its history; moto has neither.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterHistory.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ssm.models import Parameter, ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from sandbox.clients import client
from sandbox.context import current
from sandbox.patches.replaced import replace

_CREATED_ONLY = {"Tags"}  # PutParameter refuses them together with Overwrite


def install() -> None:
    """Keep each version's author; let CloudFormation put parameters as anybody else does."""
    replace(SimpleSystemManagerResponse, "put_parameter", _put_parameter)
    replace(Parameter, "describe_response_object", _described)
    replace(Parameter, "create_from_cloudformation_json", staticmethod(_create))
    replace(Parameter, "update_from_cloudformation_json", staticmethod(_update))


def _put_parameter(self: SimpleSystemManagerResponse) -> ActionResult:
    result: ActionResult = replace.original(SimpleSystemManagerResponse, "put_parameter")(self)
    version: Any = self.ssm_backend.get_parameter(self._get_param("Name"))
    caller = current().access.caller(self.access_key)
    version.sandbox_author = caller.arn if caller else "N/A"
    return result


def _described(self: Parameter, *arguments: Any, **options: Any) -> dict[str, Any]:
    described: dict[str, Any] = replace.original(Parameter, "describe_response_object")(self, *arguments, **options)
    return {**described, "LastModifiedUser": vars(self).get("sandbox_author", described["LastModifiedUser"])}


def _create(
    resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
) -> Parameter:
    properties = {**cloudformation_json["Properties"], "Name": resource_name}
    if isinstance(properties.get("Tags"), dict):  # the template's form, unlike everywhere else
        properties["Tags"] = [{"Key": key, "Value": value} for key, value in properties["Tags"].items()]
    client("ssm", region=region_name).put_parameter(**properties)
    return _current(resource_name, account_id, region_name)


def _update(
    original_resource: Parameter,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Parameter:
    ssm = client("ssm", region=region_name)
    given = cloudformation_json["Properties"]
    if given.get("Name", original_resource.name) != original_resource.name:
        created = _create(new_resource_name, cloudformation_json, account_id, region_name)
        ssm.delete_parameter(Name=original_resource.name)
        return created
    properties = {name: value for name, value in given.items() if name not in _CREATED_ONLY}
    ssm.put_parameter(**{**properties, "Name": original_resource.name, "Overwrite": True})
    return _current(original_resource.name, account_id, region_name)


def _current(name: str, account_id: str, region_name: str) -> Parameter:
    parameter = ssm_backends[account_id][region_name].get_parameter(name)
    if parameter is None:
        raise LookupError(f"SSM kept no parameter {name}")
    return parameter
