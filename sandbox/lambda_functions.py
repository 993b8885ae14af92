"""The deployed Lambda functions, as the other services see them: their settings, and who may invoke them."""

from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend

from sandbox.account import ACCOUNT, home
from sandbox.lambda_function import FunctionConfig
from sandbox.lambda_layers import Layer
from sandbox.policies import allowed


def deployed(function_name: str, region: str = "") -> LambdaFunction:
    """Return moto's record of a function of the region, or else at home; raises UnknownFunctionException."""
    return get_backend(ACCOUNT, region or home()).get_function(function_name, None)


def config(function: LambdaFunction) -> FunctionConfig:
    """Return what the sandbox runs of a deployed function."""
    return FunctionConfig(
        name=function.function_name,
        arn=function.function_arn,
        handler=str(function.handler),
        role_arn=function.role,
        timeout=float(function.timeout),
        memory=int(function.memory_size),
        concurrency=_number(function.reserved_concurrency),
        log_group=_settings(function).get("LoggingConfig", {}).get("LogGroup") or function.logs_group_name,
        code_id=_file_name(function.code_sha_256),
        code=function.code_bytes,
        layers=_layers(function),
        variables=dict(function.environment_vars),
    )


def dead_letter_arn(function: LambdaFunction) -> str | None:
    """Return the ARN of the queue or topic of the function's DeadLetterConfig."""
    target = _settings(function).get("DeadLetterConfig", {}).get("TargetArn")
    return str(target) if target else None


def invoke_config(function: LambdaFunction) -> dict[str, Any]:
    """Return the function's settings for asynchronous invocation (EventInvokeConfig), {} where there are none."""
    return dict(function.event_invoke_config[-1].config) if function.event_invoke_config else {}


def may_invoke(function: LambdaFunction, service: str, source_arn: str) -> bool:
    """Tell whether the function's policy lets a service (`events.amazonaws.com`) invoke it for the source."""
    context = {"aws:sourcearn": source_arn, "aws:sourceaccount": ACCOUNT}
    return allowed(function.policy.statements, "lambda:InvokeFunction", None, context, service)


def _layers(function: LambdaFunction) -> tuple[Layer, ...] | None:
    arns = [layer["Arn"] for layer in function.layers]
    versions = [get_backend(ACCOUNT, home()).layers_versions_by_arn(arn) for arn in arns]
    if not all(versions):
        return None  # published by another account
    return tuple(Layer(_file_name(version.code_sha_256), version.code_bytes) for version in versions if version)


def _file_name(digest: str) -> str:
    return digest.replace("/", "_")


def _settings(function: LambdaFunction) -> dict[str, Any]:
    """Return the template's properties that moto has no field for."""
    return getattr(function, "sandbox_properties", {})


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
