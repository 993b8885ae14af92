"""Step Functions: a task token is good for one answer, until its task ends; moto takes any number at any time.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
"""

import json
import threading
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerTimeout,
    CallbackEndpoint,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from sandbox.patches.replaced import replace

_ANSWERING = threading.Lock()


class InvalidOutput(AWSError):
    """The output is no JSON."""

    TYPE = "InvalidOutput"


class InvalidToken(AWSError):
    """No task ever had this token."""

    TYPE = "InvalidToken"


class TaskTimedOut(AWSError):
    """The token has been used, or its task has ended without it."""

    TYPE = "TaskTimedOut"


def install() -> None:
    """Take one answer per token, none after the task's end, and give each attempt of a task a token of its own."""
    replace(StepFunctionsParserBackend, "send_task_success", _send_task_success)
    replace(StepFunctionsParserBackend, "send_task_failure", _send_task_failure)
    replace(StepFunctionsParserBackend, "send_task_heartbeat", _beat)
    replace(StateTaskServiceCallback, "_evaluate_with_timeout", _attempt)


def time_out(execution: Any) -> int:
    """Let the tasks that wait for a token end as if their TimeoutSeconds had passed; return how many there were."""
    with _ANSWERING:
        endpoints = waiting(execution)
        for endpoint in endpoints:
            _close(endpoint)
            endpoint.interrupt_all()
    return len(endpoints)


def waiting(execution: Any) -> list[CallbackEndpoint]:
    """List what an execution's tasks wait at for their tokens to be answered."""
    return [endpoint for endpoint in _endpoints(execution).values() if endpoint.consumer_error is None]


def submitted(execution: Any) -> bool:
    """Tell whether the last thing that an execution did was to hand a token over."""
    return bool(execution.exec_worker.env.event_manager._history_event_list[-1]["type"] == "TaskSubmitted")


def _send_task_success(self: StepFunctionsParserBackend, task_token: str, outcome: str) -> None:
    try:
        json.loads(outcome)
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from error
    _answer(self, task_token, CallbackOutcomeSuccess(callback_id=task_token, output=outcome))


def _send_task_failure(
    self: StepFunctionsParserBackend, task_token: str, error: str | None = None, cause: str | None = None
) -> None:
    _answer(self, task_token, CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause))


def _attempt(self: StateTaskServiceCallback, env: Environment) -> None:
    used = _endpoint(env)
    if used and used.consumer_error:
        env.callback_pool_manager.add(env.states.context_object.update_task_token())
    try:
        replace.original(StateTaskServiceCallback, "_evaluate_with_timeout")(self, env)
    finally:
        endpoint = _endpoint(env)
        if endpoint:
            _close(endpoint)


def _endpoint(env: Environment) -> CallbackEndpoint | None:
    task = env.states.context_object.context_object_data.get("Task")
    return env.callback_pool_manager.get(task["Token"]) if task else None


def _answer(backend: StepFunctionsParserBackend, token: str, outcome: CallbackOutcome) -> None:
    """Hand a task its outcome; raises InvalidToken for an unknown token, TaskTimedOut for one whose task has ended."""
    with _ANSWERING:
        endpoint = _open(backend, token)
        endpoint.notify(outcome)
        _close(endpoint)


def _beat(backend: StepFunctionsParserBackend, token: str) -> None:
    """Take a heartbeat; raises as `_answer` does."""
    with _ANSWERING:
        _open(backend, token).notify_heartbeat()


def _close(endpoint: CallbackEndpoint) -> None:
    """Let a token be good for nothing more."""
    endpoint.report(CallbackConsumerTimeout())


def _open(backend: StepFunctionsParserBackend, token: str) -> CallbackEndpoint:
    for execution in backend._get_executions():
        endpoint = _endpoints(execution).get(token)
        if endpoint is None:
            continue
        if endpoint.consumer_error or execution.exec_status != ExecutionStatus.RUNNING:
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        return endpoint
    raise InvalidToken("Invalid Token: 'Invalid token'")


def _endpoints(execution: Any) -> dict[str, CallbackEndpoint]:
    environment = execution.exec_worker.env if execution.exec_worker else None
    return dict(environment.callback_pool_manager._pool) if environment else {}
