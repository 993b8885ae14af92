"""Step Functions: moto's interpreter, on the sandbox's clock, acting with the state machine's role."""

import logging
import re
import sys
import threading
import time
import types
import uuid
from typing import Any

import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as retrier
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils  # noqa: F401  loads boto_client
from moto.core.config import default_user_config
from moto.stepfunctions.exceptions import InvalidExecutionInput, InvalidName
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from sandbox.clients import client
from sandbox.context import current
from sandbox.delivery import role_key
from sandbox.events import put_event
from sandbox.patches.replaced import replace
from sandbox.patches.state_names import name_state
from sandbox.speed import sandbox_seconds

MAX_INPUT_BYTES = 262_144
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_STARTING = threading.Lock()
STARTING_SECONDS = 2


def install() -> None:
    """Turn the interpreter on, scale its waits, give its calls the role, report the ends of executions."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    # It logs every failure of a state, caught or not, with the whole state machine; executions have a history.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    replace(WaitFunction, "_wait_interval", _wait)
    replace(retrier, "time", types.SimpleNamespace(sleep=lambda seconds: time.sleep(sandbox_seconds(seconds))))
    replace(StepFunctionsParserBackend, "start_execution", _start_execution)
    replace(Execution, "stop", _stop)
    replace(BaseExecutionWorkerCommunication, "terminated", _terminated)
    replace(ExecutionWorker, "_execution_logic", _execution_logic)
    replace(BranchWorker, "_thread_routine", _branch)
    _replace_clients()


def _replace_clients() -> None:
    """Replace the interpreter's client factory in every module that imported it by name."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("moto.stepfunctions.")]
    for module in modules:
        if getattr(module, "boto_client_for", None) is boto_client.boto_client_for and module is not boto_client:
            replace(module, "boto_client_for", _client_for)
    replace(boto_client, "boto_client_for", _client_for)


def _client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    role_arn = getattr(state_credentials, "role_arn", None)
    made = client(service, role_key(role_arn, "StepFunctions"), region, validate=False)
    made.meta.events.register("before-call.lambda.Invoke", name_state, unique_id="state")
    return made


def _wait(_self: WaitFunction, env: Environment, wait_seconds: float) -> None:
    end = time.monotonic() + sandbox_seconds(wait_seconds)
    while env.is_running() and (left := end - time.monotonic()) > 0:
        env.program_state_event.wait(left)


def _start_execution(
    self: StepFunctionsParserBackend,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: str | None = None,
) -> Execution:
    name = name or str(uuid.uuid4())
    if not _NAME.fullmatch(name):
        raise InvalidName(f"Invalid Name: '{name}'")
    if len((execution_input or "").encode()) > MAX_INPUT_BYTES:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: longer than {MAX_INPUT_BYTES} bytes")
    with _STARTING:  # the same name twice at once must give one execution
        start = replace.original(StepFunctionsParserBackend, "start_execution")
        known = set(self._get_executions())
        execution: Execution = start(self, state_machine_arn, name, execution_input, trace_header)
    if execution not in known:  # the same name with the same input is the same execution
        _report(execution, ExecutionStatus.RUNNING)
    return execution


def _terminated(self: BaseExecutionWorkerCommunication) -> None:
    replace.original(BaseExecutionWorkerCommunication, "terminated")(self)
    stopped = vars(self.execution).get("sandbox_stopped")
    if stopped:  # a Parallel state that is stopped ends as failed, and no stop keeps its reason
        self.execution.exec_status = ExecutionStatus.ABORTED
        self.execution.error, self.execution.cause = stopped
    elif self.execution.exec_status:
        _report(self.execution, self.execution.exec_status)


def _stop(self: Execution, stop_date: Any, error: str | None, cause: str | None) -> None:
    if self.exec_status != ExecutionStatus.RUNNING:
        return  # AWS answers the same to a stop of what has ended
    vars(self)["sandbox_stopped"] = (error, cause)
    until = time.monotonic() + STARTING_SECONDS
    while self.exec_worker and not self.exec_worker.env and time.monotonic() < until:
        time.sleep(0.01)  # its thread has not begun
    replace.original(Execution, "stop")(self, stop_date=stop_date, error=error, cause=cause)
    # AWS says so at once; the interpreter says so when it next looks, which in a wait for a token may be never.
    self.exec_status, self.stop_date, self.error, self.cause = ExecutionStatus.ABORTED, stop_date, error, cause
    _report(self, ExecutionStatus.ABORTED)


def _branch(self: BranchWorker) -> None:
    """Run a branch of a Parallel state; a stop in the middle of one is no failure."""
    try:
        replace.original(BranchWorker, "_thread_routine")(self)
    except RuntimeError:
        if self.env.is_running():
            raise


def _execution_logic(self: ExecutionWorker) -> None:
    """Run the state machine; where the interpreter itself fails, fail the execution instead of letting it hang."""
    try:
        replace.original(ExecutionWorker, "_execution_logic")(self)
    except Exception as error:  # noqa: BLE001  a gap in the interpreter, whatever it is
        communication: Any = self._execution_communication
        execution = communication.execution
        if "sandbox_stopped" in vars(execution):
            return
        execution.exec_status = ExecutionStatus.FAILED
        execution.error, execution.cause = "States.Runtime", f"The interpreter failed: {error!r}"
        current().background.failures.append(f"{execution.exec_arn}: {execution.cause}")
        _report(execution, ExecutionStatus.FAILED)


def _report(execution: Execution, status: ExecutionStatus) -> None:
    """Put AWS's own event for the start or the end of an execution on the default bus.

    Source: EventBridge events reference, "Step Functions Execution Status Change".
    """
    running = status == ExecutionStatus.RUNNING  # by the time of the report it may have ended
    described = execution.to_describe_output()
    stop = int(execution.stop_date.timestamp() * 1000) if execution.stop_date and not running else None
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": status.value,
        "startDate": int(execution.start_date.timestamp() * 1000),
        "stopDate": stop,
        "input": described["input"],
        "inputDetails": {"included": True},
        "output": None if running else described.get("output"),
        "outputDetails": None if running or "output" not in described else {"included": True},
        "error": None if running else execution.error,
        "cause": None if running else execution.cause,
    }
    put_event("aws.states", "Step Functions Execution Status Change", detail, [execution.exec_arn])
