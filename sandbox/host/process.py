"""The main process of a running container: it listens on a socket of this machine, and answers."""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote_to_bytes

from sandbox.host.program import Program
from sandbox.http_server import HttpServer, Response
from sandbox.speed import sandbox_seconds

USERS = "base/users.json"
HANGING_SECONDS = 60.0
_LONGEST_BODY = 65_536


class Exited(Exception):
    """A program ended as it started; `code` is its exit code, the text what it said last."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Process:
    """A program that runs; `memory` in bytes, `hang` lets it accept requests and never answer, as a deadlock would.

    data: the folder of its volume; space: the bytes free on the disk; peer: the port of another container's service.
    """

    def __init__(
        self,
        program: Program,
        data: Path | None,
        log: Callable[[str], None],
        space: Callable[[], int],
        peer: Callable[[str], int | None],
    ) -> None:
        """Start; raises Exited where the program cannot."""
        self.program = program
        self.memory = program.memory
        self.slow_seconds = 0.0  # on this machine's clock: who measures it measures it there
        self._data = data
        self._log = log
        self._space = space
        self._peer = peer
        self._hanging = False
        self._released = threading.Event()
        self._ready = time.monotonic() + sandbox_seconds(program.starts_seconds)
        if program.fails:
            log(f"ERROR: {program.fails}")
            raise Exited(1, program.fails)
        if program.kind == "postgres":
            self._open_cluster()
        self._server = HttpServer("container", self._answer)
        self.port = self._server.port

    def hang(self) -> None:
        """Answer nothing any more."""
        self._hanging = True

    def stop(self) -> None:
        """End it: its socket is closed, who waits for an answer gets none."""
        self._released.set()
        self._server.stop()

    def _answer(self, request: BaseHTTPRequestHandler) -> Response:
        length = min(int(request.headers.get("Content-Length") or 0), _LONGEST_BODY)
        body = request.rfile.read(length)
        path = request.path.partition("?")[0]
        if self._hanging:
            self._released.wait(HANGING_SECONDS)
            return Response(HTTPStatus.SERVICE_UNAVAILABLE, unread=True)
        if time.monotonic() < self._ready:
            return _told(HTTPStatus.SERVICE_UNAVAILABLE, "starting")
        self._released.wait(self.slow_seconds)
        answered = self._route(request.command, path, body)
        level = "ERROR" if answered.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "INFO"
        self._log(f"{level}: {request.command} {path} {int(answered.status)}")
        return answered

    def _route(self, method: str, path: str, body: bytes) -> Response:
        if self.program.kind == "postgres":
            return self._query(path)
        if self.program.kind == "redis":
            return _told(HTTPStatus.OK, "PONG")
        if path == self.program.health:
            return _told(self.program.status, "healthy" if self.program.status == HTTPStatus.OK else "failing")
        if self.program.login and path == self.program.login:
            return self._log_in(body) if method == "POST" else _told(HTTPStatus.METHOD_NOT_ALLOWED, "POST only")
        return _told(HTTPStatus.NOT_FOUND, "not found")

    def _open_cluster(self) -> None:
        if self._data is None or self._space() <= 0:
            text = 'FATAL: could not create lock file "postmaster.pid": No space left on device'
            self._log(text)
            raise Exited(1, text)
        version = self._data / "PG_VERSION"
        if not version.exists():
            version.write_text("15\n")
            self._log("initdb: the database directory was empty, a new cluster was created")

    def _query(self, path: str) -> Response:
        if path == "/ready":
            return _told(HTTPStatus.OK, "accepting connections")
        table = self._data / USERS if self._data else None
        if self._space() <= 0:
            return _told(HTTPStatus.INTERNAL_SERVER_ERROR, "could not extend file: No space left on device")
        if table is None or not table.exists():
            return _told(HTTPStatus.INTERNAL_SERVER_ERROR, 'relation "users" does not exist')
        return Response(HTTPStatus.OK, table.read_bytes(), {"Content-Type": "application/json"})

    def _log_in(self, body: bytes) -> Response:
        users = get(self._peer("postgres"), "/users", 2.0)
        if users is None or users[0] != HTTPStatus.OK:
            return _told(HTTPStatus.INTERNAL_SERVER_ERROR, "the database does not answer")
        known, body = json.loads(users[1]), unquote_to_bytes(body)
        if any(name.encode() in body and _knows(body, digest) for name, digest in known.items()):
            return Response(HTTPStatus.OK, b'{"access_token":"eyJhbGciOi","token_type":"bearer"}')
        return _told(HTTPStatus.UNAUTHORIZED, "wrong name or password")


def get(port: int | None, path: str, seconds: float) -> tuple[int, bytes] | None:
    """Ask a container's port; None where nobody answers in time."""
    if port is None:
        return None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def hashed(password: str) -> str:
    """Return what the table of users keeps of a password."""
    return hashlib.sha256(password.encode()).hexdigest()


def _knows(body: bytes, digest: str) -> bool:
    """Tell whether one of the form's values (multipart, or url-encoded without escapes) is the password."""
    values = [line.rpartition(b"=")[2] for line in body.replace(b"&", b"\n").splitlines()]
    return any(hashed(value.decode(errors="replace")) == digest for value in values)


def _told(status: int, text: str) -> Response:
    return Response(status, json.dumps({"status": text}).encode(), {"Content-Type": "application/json"})
