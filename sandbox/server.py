"""A threaded HTTP server on a free port of 127.0.0.1 that starts and stops without leaving a thread behind."""

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

HANDSHAKE_SECONDS = 2.0
POLL_SECONDS = 1.0  # between two looks whether to stop: of a hundred servers, each look takes time from all others


def stop_serving(server: socketserver.TCPServer) -> None:
    """Let a server's loop end at once: it looks whether to stop when somebody connects, too."""
    stopping = threading.Thread(target=server.shutdown, name="stopping")
    stopping.start()
    while stopping.is_alive():
        stopping.join(0.005)
        with contextlib.suppress(OSError):
            socket.create_connection(server.server_address[:2], POLL_SECONDS).close()  # type: ignore[arg-type]


class QuietHandler(BaseHTTPRequestHandler):
    """A request handler that logs nothing, closes each connection and gives up on a silent client after 5 s."""

    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float | None] = 5
    wbufsize = -1  # headers and body in one segment: no delayed acknowledgement
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Log nothing: the sandbox's output belongs to its user."""

    def answer(self, status: int, content_type: str, body: bytes, **headers: str) -> None:
        """Send one complete response; `headers` with underscores for dashes."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Serve `handler` in background threads; `port` is known at once, `stop` joins every thread."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, name: str, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), name=name, daemon=True)

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, end open connections, free the port."""
        self.stopping.set()
        if self._thread.is_alive():
            stop_serving(self)
            self._thread.join()
        self.server_close()

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """Say nothing where a client went away; anything else is an error worth its traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class TlsServer(Server):
    """The same over TLS: `wrap` speaks it as a server, with each connection in that connection's own thread."""

    def __init__(
        self, name: str, handler: type[BaseHTTPRequestHandler], wrap: Callable[[socket.socket], ssl.SSLSocket]
    ) -> None:
        self._wrap = wrap
        super().__init__(name, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve; one who says nothing is given up."""
        request.settimeout(HANDSHAKE_SECONDS)
        with self._wrap(request) as secured:
            super().finish_request(secured, client_address)
