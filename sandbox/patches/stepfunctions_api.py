"""Step Functions: what moto's API drops (causes, texts as output, the order and pages of the history)."""

import json
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.patches.replaced import replace

PAGE = 100  # events where the request names no number


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
    """Answer with a page; its token is the number of the last event in it, for more may come before the next one."""
    execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    environment = execution.exec_worker.env if execution.exec_worker else None
    events = list(environment.event_manager._history_event_list) if environment else []
    last, most = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 0) or PAGE
    if self._get_param("reverseOrder"):
        left = [event for event in reversed(events) if not last or event["id"] < last]
    else:
        left = [event for event in events if event["id"] > last]
    more = {"nextToken": str(left[most - 1]["id"])} if len(left) > most else {}
    return ActionResult({"events": left[:most], **more})
