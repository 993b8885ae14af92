"""One Lambda execution environment: AWS's own runtime client in a process, and the Runtime API that feeds it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.lambda_function import FunctionConfig, Result
from sandbox.server import QuietHandler, Server

MAX_REQUEST_BYTES = 6_291_456
MAX_RESPONSE_BYTES = 6_291_556
_CLIENT = ["-m", "awslambdaric"]
_CLOCK = [str(Path(__file__).with_name("lambda_clock.py"))]
_INIT_SECONDS = 30.0  # AWS allows 10; this machine may start a dozen processes at once on two cores


@dataclass(frozen=True)
class _Event:
    """What the process did: kind is ready, response, error, init-error or exit."""

    kind: str
    body: bytes = b""


@dataclass(frozen=True)
class _Work:
    request_id: str
    payload: bytes
    deadline_ms: int
    trace: str


class Environment:
    """A process that serves one invocation at a time; `alive` is false once it may not be used again."""

    def __init__(
        self,
        function: FunctionConfig,
        code_directory: Path,
        access_key: str,
        outside: Mapping[str, str],
        on_line: Callable[[str], None],
        clock: float = 0.0,
    ) -> None:
        """Start the process.

        Args:
            function: which one.
            code_directory: where its code is unpacked.
            access_key: of its role.
            outside: the variables that connect it with the sandbox.
            on_line: receives each line that it prints.
            clock: the seconds that its clock is ahead.
        """
        self.function = function
        self.alive = True
        self._events: queue.Queue[_Event] = queue.Queue()
        self._work: queue.Queue[_Work | None] = queue.Queue()
        self._on_line = on_line
        self._server = _RuntimeApi(self._events, self._work, function)
        imports, outside = function.unpack(code_directory), {**outside, "SANDBOX_CLOCK": str(clock)}
        self._process = subprocess.Popen(
            [sys.executable, "-S", *(_CLOCK if clock else _CLIENT), function.handler],  # -S: no site-packages
            env=function.environment(self._server.address, imports, access_key, outside),
            cwd=imports[0],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        threading.Thread(target=self._read_output, daemon=True).start()

    def invoke(self, request_id: str, payload: bytes, trace: str) -> Result:
        """Run the handler with the JSON payload and wait for its outcome, at most the function's timeout."""
        event = self._next_event(_INIT_SECONDS)
        if event.kind == "ready":
            seconds = self.function.timeout
            self._work.put(_Work(request_id, payload, int((time.time() + seconds) * 1000), trace))
            event = self._next_event(seconds)
        return self._result(request_id, event)

    def exit(self) -> None:
        """Let the process end in the middle of what it does: the invocation fails with Runtime.ExitError."""
        self._process.kill()

    def kill(self) -> None:
        """End the process and its Runtime API."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        self._work.put(None)
        threading.Thread(target=self._server.stop, daemon=True).start()  # it waits for the server's next poll

    def _next_event(self, seconds: float) -> _Event:
        try:
            return self._events.get(timeout=seconds)
        except queue.Empty:
            return _Event("timeout")

    def _result(self, request_id: str, event: _Event) -> Result:
        if event.kind == "response" and len(event.body) > MAX_RESPONSE_BYTES:
            return _too_large(request_id)
        if event.kind == "response":
            return Result(event.body, None, request_id)
        if event.kind == "error":
            return Result(event.body, "Unhandled", request_id)
        self.kill()
        if event.kind == "init-error":
            return Result(event.body, "Unhandled", request_id)
        if event.kind == "timeout":
            message = f"Task timed out after {self.function.timeout:.2f} seconds"
            return Result.failed(request_id, "Sandbox.Timedout", message)
        status = f"Runtime exited with error: exit status {self._process.returncode}"
        return Result.failed(request_id, "Runtime.ExitError", status)

    def _read_output(self) -> None:
        with self._process:  # closes the pipe and waits for the end
            for line in self._process.stdout or ():
                self._on_line(line.decode(errors="replace").rstrip("\n"))
        self._events.put(_Event("exit"))


def trace_id() -> str:
    """Make an id as AWS X-Ray gives each invocation, which the SDK hands on with every call that the function makes."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"


def _too_large(request_id: str) -> Result:
    error = {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
    }
    return Result(json.dumps(error).encode(), "Unhandled", request_id)


class _RuntimeApi(Server):
    def __init__(
        self, events: queue.Queue[_Event], work: "queue.Queue[_Work | None]", function: FunctionConfig
    ) -> None:
        super().__init__(f"runtime-api-{function.name}", _RuntimeApiHandler)
        self.events = events
        self.work = work
        self.function_arn = function.arn
        self.address = f"127.0.0.1:{self.port}"
        self.start()


class _RuntimeApiHandler(QuietHandler):
    timeout = None  # the next invocation may be hours away
    wbufsize = -1  # headers and body in one send: the client's delayed ACK would cost 40 ms a call otherwise
    disable_nagle_algorithm = True
    server: _RuntimeApi

    def do_GET(self) -> None:
        """Hand out the next invocation: …/runtime/invocation/next blocks until there is one."""
        self.server.events.put(_Event("ready"))
        work = self.server.work.get()
        if work is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": work.request_id,
            "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.server.function_arn,
            # awslambdaric 4.2.2 dies of a segmentation fault where either of these two is missing.
            "Lambda-Runtime-Trace-Id": work.trace,
            "Content-Type": "application/json",
        }
        self._respond(200, headers, work.payload)

    def do_POST(self) -> None:
        """Take a result: …/invocation/ID/response, …/invocation/ID/error or …/init/error."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, kind = self.path.rpartition("/")
        self._respond(202, {}, b"")
        self.server.events.put(_Event("init-error" if path.endswith("/init") else kind, body))

    def _respond(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
