"""Step Functions: a function's invocation says which state has made it, for faults that are meant for that state."""

import contextvars
import urllib.parse
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from sandbox.patches.replaced import replace

STATE_HEADER = "X-Sandbox-State"
_STATE = contextvars.ContextVar("state", default="")


def install() -> None:
    """Remember the state while it invokes."""
    replace(StateTaskServiceLambda, "_eval_service_task", _eval_service_task)


def name_state(params: dict[str, Any], **_: Any) -> None:
    """Add the state's name to a request: a handler of botocore's `before-call`."""
    params["headers"][STATE_HEADER] = urllib.parse.quote(_STATE.get())


def _eval_service_task(self: StateTaskServiceLambda, env: Environment, *arguments: Any, **options: Any) -> None:
    token = _STATE.set(self.name)
    try:
        replace.original(StateTaskServiceLambda, "_eval_service_task")(self, env, *arguments, **options)
    finally:
        _STATE.reset(token)
