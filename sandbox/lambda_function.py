"""What the sandbox runs of a Lambda function: its settings as deployed, and its code unpacked."""

import io
import json
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.account import ADMIN_SECRET_KEY, SESSION_TOKEN, home
from sandbox.lambda_layers import Layer, search_path


class NotInvoked(Exception):
    """Lambda did not run the function; code and status (HTTP) are its API's answer."""

    def __init__(self, code: str, status: int, message: str) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


class Throttled(NotInvoked):
    """The function's reserved concurrency is used up."""

    def __init__(self, function: str) -> None:
        super().__init__("TooManyRequestsException", 429, f"Rate Exceeded: {function}")


@dataclass(frozen=True)
class FunctionConfig:
    """A deployed function: timeout in seconds, memory in MB, concurrency as reserved or None."""

    name: str
    arn: str
    handler: str
    role_arn: str
    timeout: float
    memory: int
    concurrency: int | None
    log_group: str
    code_id: str
    code: bytes = field(repr=False)
    layers: tuple[Layer, ...] | None = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(
        self, runtime_api: str, imports: Sequence[Path], access_key: str, outside: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the process's variables: those of AWS's runtime, the sandbox's addresses, then the function's own."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "PYTHONPATH": os.pathsep.join(map(str, imports)),
            "LAMBDA_TASK_ROOT": str(imports[0]),
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": self.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": "sandbox",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            "AWS_REGION": home(),
            "AWS_DEFAULT_REGION": home(),
            "_HANDLER": self.handler,
            # The developer's own AWS settings must not reach the functions.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **outside,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET_KEY,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
            **self.variables,
        }

    def unpack(self, directory: Path) -> list[Path]:
        """Unpack the code and layers below the directory, once for all functions that share them.

        Returns:
            Where to import from: the code, then the layers, then AWS's runtime.
        """
        target = directory / self.code_id
        if not target.exists():
            with zipfile.ZipFile(io.BytesIO(self.code)) as archive:
                archive.extractall(target.with_suffix(".new"))
            target.with_suffix(".new").rename(target)
        return [target, *search_path(self.layers, directory)]


@dataclass(frozen=True)
class Result:
    """An invocation's outcome: payload is JSON; error is `Handled`, `Unhandled` or None (X-Amz-Function-Error)."""

    payload: bytes
    error: str | None = None
    request_id: str = ""

    @classmethod
    def failed(cls, request_id: str, error_type: str, message: str) -> "Result":
        """Return an error in the shape in which Lambda itself reports one."""
        payload = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"}
        return cls(json.dumps(payload).encode(), "Unhandled", request_id)

    def json(self) -> Any:
        """Return the payload as Python values."""
        return json.loads(self.payload or b"null")
