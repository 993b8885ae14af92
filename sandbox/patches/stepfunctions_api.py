"""Step Functions: what moto's API drops of requests and answers (causes, texts as output, the history's order)."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.patches.replaced import replace


def install() -> None:
    """Answer as AWS does."""
    replace(StepFunctionResponse, "send_task_failure", _send_task_failure)
    replace(StepFunctionResponse, "stop_execution", _stop_execution)
    replace(StepFunctionResponse, "describe_execution", _describe_execution)
    replace(StepFunctionResponse, "get_execution_history", _get_execution_history)


def _send_task_failure(self: StepFunctionResponse) -> ActionResult:
    token, error, cause = (self._get_param(name) for name in ("taskToken", "error", "cause"))
    backend: Any = self.stepfunction_backend
    backend.send_task_failure(token, error=error, cause=cause)
    return EmptyResult()


def _stop_execution(self: StepFunctionResponse) -> ActionResult:
    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    stopped = utcnow()
    execution.stop(stop_date=stopped, error=self._get_param("error"), cause=self._get_param("cause"))
    return ActionResult({"stopDate": stopped})


def _describe_execution(self: StepFunctionResponse) -> ActionResult:
    execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    described = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "error": execution.error,
        "cause": execution.cause,
    }
    if execution.exec_status == ExecutionStatus.SUCCEEDED:
        described |= {"output": json.dumps(execution.output), "outputDetails": {"included": True}}
    return ActionResult({name: value for name, value in described.items() if value is not None})


def _get_execution_history(self: StepFunctionResponse) -> ActionResult:
    history = self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))
    events = list(history["events"])
    return ActionResult({"events": events[::-1] if self._get_param("reverseOrder") else events})
