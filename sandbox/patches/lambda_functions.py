"""Lambda: functions run in processes of AWS's own runtime client, and keep all properties of their template."""

import base64
import json
import urllib.parse
import uuid
from typing import Any

from moto.awslambda import models
from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core.config import default_user_config

from sandbox.account import ACCOUNT
from sandbox.context import current
from sandbox.lambda_async import MAX_PAYLOAD_BYTES, invoke_later
from sandbox.lambda_function import NotInvoked
from sandbox.lambda_functions import config
from sandbox.lambda_runtime import MAX_REQUEST_BYTES
from sandbox.patches.replaced import replace
from sandbox.patches.state_names import STATE_HEADER

_TAIL_BYTES = 4096


def install() -> None:
    """Point invocations and the CloudFormation types at the sandbox's runtime."""
    default_user_config["lambda"] = {"use_docker": False}
    replace(LambdaSimpleBackend, "invoke", _invoke)
    layer_version: Any = models.LayerVersion
    layer_version.physical_resource_id = models.LayerVersion.arn  # moto's Ref gives the object itself
    replace(models.LambdaFunction, "_get_layers_data", _layers)
    replace(models.LambdaFunction, "create_from_cloudformation_json", staticmethod(_create))
    replace(models.LambdaFunction, "update_from_cloudformation_json", staticmethod(_update))


def _invoke(
    self: LambdaSimpleBackend,
    function_name: str,
    qualifier: str | None,
    body: Any,
    headers: Any,
    response_headers: Any,
) -> bytes:
    function = self.get_function(function_name, qualifier)
    payload = body.encode() if isinstance(body, str) else body or b"{}"
    kind = headers.get("X-Amz-Invocation-Type", "RequestResponse")
    _check(payload, MAX_PAYLOAD_BYTES if kind == "Event" else MAX_REQUEST_BYTES)
    if kind == "Event":
        response_headers["x-amzn-requestid"] = invoke_later(function, payload)
        return b""
    if kind == "DryRun":
        return b""
    return _run(function, payload, response_headers, headers.get(STATE_HEADER, ""))


def _run(function: models.LambdaFunction, payload: bytes, response_headers: dict[str, str], state: str) -> bytes:
    request_id = str(uuid.uuid4())
    try:
        result = current().lambdas.invoke(config(function), payload, request_id, urllib.parse.unquote(state))
    except NotInvoked as error:
        raise _error(error.status, error.code, str(error)) from error
    response_headers["x-amzn-requestid"] = request_id
    response_headers["x-amz-executed-version"] = "$LATEST"
    log = "\n".join(current().lambdas.logs(function.function_name))[-_TAIL_BYTES:]
    response_headers["x-amz-log-result"] = base64.b64encode(log.encode()[-_TAIL_BYTES:]).decode()
    if result.error:
        response_headers["x-amz-function-error"] = result.error
    return result.payload


def _check(payload: bytes, limit: int) -> None:
    if len(payload) > limit:
        raise _error(413, "RequestTooLargeException", f"{len(payload)} byte payload is too large (limit {limit} bytes)")
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise _error(400, "InvalidRequestContentException", message) from error


def _error(status: int, code: str, message: str) -> LambdaClientError:
    error = LambdaClientError(code, message)
    error.code = status
    return error


def _layers(self: models.LambdaFunction, arns: list[str]) -> list[Any]:
    """Look up the account's own layers; trust the ARN of a layer that another account publishes (AWS's Powertools)."""
    own = [arn for arn in arns if arn.split(":")[4] == ACCOUNT]
    known = {layer["Arn"]: layer for layer in replace.original(models.LambdaFunction, "_get_layers_data")(self, own)}
    return [known.get(arn, {"Arn": arn, "CodeSize": 0}) for arn in arns]


def _create(
    resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
    **_: Any,
) -> models.LambdaFunction:
    properties = cloudformation_json["Properties"]
    spec = {**properties, "FunctionName": resource_name, "Code": _code(properties["Code"]), "Tags": _tags(properties)}
    function = models.get_backend(account_id, region_name).create_function(spec)
    vars(function)["sandbox_properties"] = properties
    return function


def _update(
    original_resource: models.LambdaFunction,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> models.LambdaFunction:
    """Replace the function's record, but keep what other resources of the stack gave it."""
    models.get_backend(account_id, region_name).delete_function(original_resource.function_name)
    function = _create(new_resource_name, cloudformation_json, account_id, region_name)
    function.policy = original_resource.policy
    function.event_invoke_config = original_resource.event_invoke_config
    return function


def _code(code: dict[str, Any]) -> dict[str, Any]:
    if "ZipFile" not in code:
        return dict(code)
    archive = models.LambdaFunction._create_zipfile_from_plaintext_code(code["ZipFile"])
    return {"ZipFile": base64.b64encode(archive)}


def _tags(properties: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
