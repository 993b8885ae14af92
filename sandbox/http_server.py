"""A small threaded HTTP server on 127.0.0.1, for the pages and APIs of the sandbox."""

import http.server
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.server import QuietHandler, Server


@dataclass(frozen=True)
class Response:
    """An HTTP response; cookies become one Set-Cookie header each."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


Respond = Callable[[http.server.BaseHTTPRequestHandler], Response]


class HttpServer(Server):
    """Serves every method with one function from request to response."""

    def __init__(self, name: str, respond: Respond, port: int = 0) -> None:
        """Start serving at once; port 0 takes a free one."""
        super().__init__(name, _Handler, port)
        self.respond = respond
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()


def read_only(request: http.server.BaseHTTPRequestHandler, pages: Mapping[str, Callable[[], Response]]) -> Response:
    """Answer GET and HEAD with the page of the path; 404 for another path, 405 for another method."""
    if request.command not in {"GET", "HEAD"}:
        return Response(405, b"Method Not Allowed", {"Allow": "GET, HEAD", "Content-Type": "text/plain"})
    page = pages.get(request.path.partition("?")[0])
    return page() if page else Response(404, b"Not Found", {"Content-Type": "text/plain"})


class _Handler(QuietHandler):
    wbufsize = -1
    disable_nagle_algorithm = True
    server: HttpServer

    def _serve(self) -> None:
        response = self.server.respond(self)
        self.send_response(response.status)
        for name, value in {**response.headers, "Content-Length": str(len(response.body))}.items():
            self.send_header(name, value)
        for cookie in response.cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve
