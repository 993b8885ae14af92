"""What ECS gathers before it starts a container: its image, and its environment with what secrets refer to.

Sources for the words: Amazon ECS developer guide, "Stopped tasks error messages".
"""

import json

from botocore.exceptions import ClientError
from moto.logs import logs_backends

from sandbox.account import ACCOUNT
from sandbox.clients import client
from sandbox.delivery import role_key
from sandbox.images import Image, find
from sandbox.untyped import Model

NOT_FOUND = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
    "failed to resolve ref {0}: {0}: not found"
)
NO_ROUTE = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {0}: "
    'failed to do request: Head "https://{1}": dial tcp: i/o timeout'
)
UNREADABLE = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {0} "
    "from secrets manager: {1}"
)
NO_LOG_GROUP = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
    "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1"
)
NO_PARAMETER = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secrets from ssm: service call has been retried 1 time(s): {0}"
)


class NotStartedError(Exception):
    """The task could not start; its text is the task's stoppedReason."""


def pull(name: str, *, reachable: bool) -> Image:
    """Return the image; raises NotStartedError where the registry has none or is not `reachable`."""
    if not reachable:
        raise NotStartedError(NO_ROUTE.format(name, name.partition("/")[0]))
    image = find(name)
    if image is None:
        raise NotStartedError(NOT_FOUND.format(name))
    return image


def check_logs(container: Model) -> None:
    """Raise NotStartedError where the container's log group is missing."""
    options = container["logConfiguration"]["options"]
    if options["awslogs-group"] not in logs_backends[ACCOUNT][options["awslogs-region"]].groups:
        raise NotStartedError(NO_LOG_GROUP)


def environment(container: Model, execution_role: str | None) -> dict[str, str]:
    """Return a container's variables, `secrets` read by its execution role; raises NotStartedError."""
    plain = {variable["name"]: variable["value"] for variable in container.get("environment", [])}
    secrets = container.get("secrets", [])
    return plain | {secret["name"]: _secret(secret["valueFrom"], execution_role) for secret in secrets}


def _secret(reference: str, role: str | None) -> str:
    key = role_key(role, "ecs-task")
    return _stored(reference, key) if reference.startswith("arn:aws:secretsmanager:") else _parameter(reference, key)


def _stored(reference: str, access_key: str) -> str:
    """Read `arn:…:secret:NAME[:JSON-KEY:STAGE:VERSION]`."""
    parts = [*reference.split(":"), "", "", ""]
    arn, (json_key, stage, version) = ":".join(parts[:7]), parts[7:10]
    which = {name: value for name, value in (("VersionStage", stage), ("VersionId", version)) if value}
    try:
        value = str(client("secretsmanager", access_key).get_secret_value(SecretId=arn, **which)["SecretString"])
        return str(json.loads(value)[json_key]) if json_key else value
    except ClientError as error:
        raise NotStartedError(UNREADABLE.format(arn, _told(error))) from error
    except (KeyError, ValueError) as error:
        text = f"retrieved secret from Secrets Manager did not contain json key {json_key}"
        raise NotStartedError(UNREADABLE.format(arn, text)) from error


def _parameter(reference: str, access_key: str) -> str:
    """Read a parameter of Systems Manager by ARN or name."""
    name = f"/{reference.partition(':parameter/')[2]}" if reference.startswith("arn:") else reference
    try:
        found = client("ssm", access_key).get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    except ClientError as error:
        raise NotStartedError(NO_PARAMETER.format(_told(error))) from error
    if not found:
        raise NotStartedError(NO_PARAMETER.format(f"invalid parameters: {name}"))
    return str(found[0]["Value"])


def _told(error: ClientError) -> str:
    return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
