"""A small threaded HTTP server on 127.0.0.1, for the pages and APIs of the sandbox."""

import http.server
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sandbox.server import QuietHandler, Server

_LINGER_SECONDS = 5.0
_LINGER_BYTES = 64 * 1024 * 1024
_PHRASES = {413: "Request Entity Too Large", 414: "Request-URI Too Long"}  # Python renames them from version to version
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


@dataclass(frozen=True)
class Response:
    """An HTTP response; cookies become one Set-Cookie header each; unread says that the request was not read whole."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    unread: bool = False


Respond = Callable[[http.server.BaseHTTPRequestHandler], Response]


class HttpServer(Server):
    """Serves every method with one function from request to response."""

    def __init__(self, name: str, respond: Respond, port: int = 0) -> None:
        """Start serving at once; port 0 takes a free one."""
        super().__init__(name, _Handler, port)
        self.respond = respond
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()


def problem(status: int, *, unread: bool = False) -> Response:
    """Return an answer in API Gateway's words: the status's phrase as JSON."""
    body = json.dumps({"message": _PHRASES.get(status) or HTTPStatus(status).phrase}).encode()
    return Response(status, body, {"Content-Type": "application/json"}, unread=unread)


def read_only(request: http.server.BaseHTTPRequestHandler, pages: Mapping[str, Callable[[], Response]]) -> Response:
    """Answer GET and HEAD with the page of the path; 404 for another path, 405 for another method."""
    if request.command not in {"GET", "HEAD"}:
        return Response(405, b"Method Not Allowed", {"Allow": "GET, HEAD", "Content-Type": "text/plain"})
    page = pages.get(request.path.partition("?")[0])
    return page() if page else Response(404, b"Not Found", {"Content-Type": "text/plain"})


class _Handler(QuietHandler):
    default_request_version = "HTTP/1.1"  # what is no HTTP is answered with a status all the same
    server: HttpServer

    def __getattr__(self, name: str) -> Any:
        """Serve every method, those that nobody has heard of too: their answer is a route's, or that there is none."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is no HTTP request at all."""
        self._send(problem(code, unread=True))

    def _serve(self) -> None:
        self._send(self.server.respond(self))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        length = {} if response.status in _BODILESS else {"Content-Length": str(len(response.body))}
        closing = {"Connection": "close"} if response.unread else {}
        for name, value in {**response.headers, **length, **closing}.items():
            self.send_header(name, value)
        for cookie in response.cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        if self.command != "HEAD" and response.status not in _BODILESS:
            self.wfile.write(response.body)
        if response.unread:
            self._linger()

    def _linger(self) -> None:
        """Read on until the client has read the answer: closing at once would reset its connection."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        left, until = _LINGER_BYTES, time.monotonic() + _LINGER_SECONDS
        while left > 0 and time.monotonic() < until:
            read = len(self.connection.recv(65_536))
            left -= read or left
