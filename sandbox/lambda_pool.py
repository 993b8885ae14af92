"""All Lambda functions of the sandbox: warm execution environments, concurrency, and what the functions print."""

import collections
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.access import Access, Principal
from sandbox.fault_outcomes import spoil
from sandbox.faults import Faults
from sandbox.lambda_function import FunctionConfig, Result, Throttled
from sandbox.lambda_runtime import Environment, trace_id

MAX_ENVIRONMENTS = 10  # of one function without reserved concurrency; a further call waits for a free one
_KEPT_LINES = 5_000


@dataclass(frozen=True)
class Running:
    """An invocation that runs now; state is the one of the state machine that has invoked it, or empty."""

    function: str
    state: str
    environment: Environment


class LambdaPool:
    """Runs functions in processes that are reused while they are warm; outside gives the sandbox's variables."""

    def __init__(self, access: Access, outside: Callable[[], Mapping[str, str]], faults: Faults) -> None:
        self.on_line: Callable[[FunctionConfig, str], None] = lambda _function, _line: None
        self._access = access
        self._outside = outside
        self._faults = faults
        self._running: dict[str, Running] = {}
        self._code = Path(tempfile.mkdtemp(prefix="sandbox-lambda-"))
        self._idle: dict[str, list[Environment]] = collections.defaultdict(list)
        self._all: set[Environment] = set()
        self._lines: dict[str, collections.deque[str]] = {}
        self._free = threading.Condition()
        self._closed = False

    def invoke(
        self, function: FunctionConfig, payload: bytes, request_id: str | None = None, state: str = ""
    ) -> Result:
        """Run the function once, in a warm environment where there is one; raises NotInvoked."""
        request_id = request_id or str(uuid.uuid4())
        kind = self._faults.strike(function.name, state)
        if kind is None:
            return self._run(function, payload, request_id, state)
        return spoil(kind, request_id, function.name, lambda: self._run(function, payload, request_id, state))

    def running(self, trace: str) -> Running | None:
        """Return the invocation whose trace id (AWS X-Ray) this is; None for another's."""
        return self._running.get(trace)

    def _run(self, function: FunctionConfig, payload: bytes, request_id: str, state: str) -> Result:
        environment, trace = self._acquire(function), trace_id()
        self._running[trace] = Running(function.name, state, environment)
        try:
            return environment.invoke(request_id, payload, trace)
        finally:
            del self._running[trace]
            self._release(environment)

    def logs(self, function_name: str) -> list[str]:
        """Return the lines that the function printed."""
        return list(self._lines.get(function_name, ()))

    def cold(self) -> None:
        """End all idle processes, so that every function's next call is a cold start."""
        with self._free:
            idle = [environment for environments in self._idle.values() for environment in environments]
            self._idle.clear()
            self._all.difference_update(idle)
        for environment in idle:
            environment.kill()

    def close(self) -> None:
        """End all processes and remove the unpacked code."""
        with self._free:
            self._closed = True
            environments = list(self._all)
        for environment in environments:
            environment.kill()
        shutil.rmtree(self._code, ignore_errors=True)

    def _acquire(self, function: FunctionConfig) -> Environment:
        with self._free:
            while True:
                warm = self._warm(function)
                if warm:
                    return warm
                running = sum(environment.function.name == function.name for environment in self._all)
                if function.concurrency is not None and running >= function.concurrency:
                    raise Throttled(function.name)
                if running < MAX_ENVIRONMENTS:
                    return self._start(function)
                self._free.wait()

    def _warm(self, function: FunctionConfig) -> Environment | None:
        idle = self._idle[function.name]
        while idle:
            environment = idle.pop()
            if environment.alive and environment.function == function:
                return environment
            self._all.discard(environment)
            environment.kill()
        return None

    def _start(self, function: FunctionConfig) -> Environment:
        if self._closed:
            raise RuntimeError(f"The sandbox is closed; it cannot run {function.name}")
        lines = self._lines.setdefault(function.name, collections.deque(maxlen=_KEPT_LINES))

        def keep(line: str) -> None:
            lines.append(line)
            self.on_line(function, line)

        key = self._access.issue(Principal(function.role_arn, function.name, function.name))
        ahead = self._faults.ahead(function.name)
        environment = Environment(function, self._code, key, self._outside(), keep, ahead)
        self._all.add(environment)
        return environment

    def _release(self, environment: Environment) -> None:
        with self._free:
            if environment.alive and environment in self._all:
                self._idle[environment.function.name].append(environment)
            else:
                self._all.discard(environment)
            self._free.notify_all()
