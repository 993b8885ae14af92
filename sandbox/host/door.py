"""Where the stand-ins on a host's PATH ask the simulated machine: one connection a command."""

import contextlib
import secrets
import select
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping

from sandbox.server import POLL_SECONDS, stop_serving
from sandbox.speed import sandbox_seconds

_LONGEST_REQUEST = 4 * 1024 * 1024
_FIXED = 4  # token, program, folder, number of arguments


class Gone(Exception):
    """Who asked is not there any more: its command was cancelled or timed out."""


class Failed(Exception):
    """A command that fails: its exit code, and what it writes to stderr."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Call:
    """One command as a stand-in was called: `tool`, its arguments, and the folder it was called in."""

    def __init__(self, connection: socket.socket, tool: str, folder: str, arguments: list[str]) -> None:
        self.tool = tool
        self.folder = folder
        self.arguments = arguments
        self._connection = connection

    def out(self, text: str) -> None:
        """Write to its stdout."""
        self._send(1, text)

    def err(self, text: str) -> None:
        """Write a line to its stderr."""
        self._send(2, f"{text}\n")

    def pause(self, aws_seconds: float) -> None:
        """Let time pass; raises Gone where the caller went away meanwhile."""
        deadline = time.monotonic() + sandbox_seconds(aws_seconds)
        while True:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self._connection], [], [], max(0.0, min(left, 0.1)))
            if readable and not self._connection.recv(1):
                raise Gone
            if left <= 0:
                return

    def hang(self) -> None:
        """Never answer; raises Gone when the caller has given up."""
        while True:
            self.pause(60.0)

    def _send(self, stream: int, text: str) -> None:
        data = text.encode()
        if data:
            self._write(f"{stream} {len(data)}\n".encode() + data)

    def finish(self, code: int) -> None:
        """Say its exit code."""
        self._write(f"0 {code}\n".encode())

    def _write(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise Gone from error


Tool = Callable[[Call], int]


class Door(socketserver.ThreadingTCPServer):
    """Answers the stand-ins; `token` is what their environment must have."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        """Open it."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tools = tools
        self.token = secrets.token_hex(16)
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), name="host-door", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def close(self) -> None:
        """Close it."""
        stop_serving(self)
        self._thread.join()
        self.server_close()


class _Handler(socketserver.BaseRequestHandler):
    server: Door

    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(Gone, OSError):
            call = self._read(connection)
            if call:
                call.finish(self._run(call))

    def _run(self, call: Call) -> int:
        try:
            return self.server.tools[call.tool](call)
        except Failed as error:
            if str(error):
                call.err(str(error))
            return error.code
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001  a gap of the sandbox must be loud, in the command and at the end of the test
            self.server.errors.append(error)
            call.err(f"The sandbox host failed in {call.tool} {call.arguments}: {error!r}")
            return 125

    def _read(self, connection: socket.socket) -> Call | None:
        data = b""
        fields: list[bytes] = []
        while len(fields) < _FIXED or len(fields) < _FIXED + int(fields[3]):
            received = connection.recv(65_536)
            if not received or len(data) > _LONGEST_REQUEST:
                return None
            data += received
            fields = data.split(b"\0")[:-1]
        token, tool, folder, _, *arguments = (field.decode(errors="surrogateescape") for field in fields)
        return Call(connection, tool, folder, arguments) if secrets.compare_digest(token, self.server.token) else None
