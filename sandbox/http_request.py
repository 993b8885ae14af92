"""What API Gateway takes of an HTTP request: its limits, and bodies of both framings.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

import http.server
import re
from collections.abc import Iterator
from http import HTTPStatus

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEAD_BYTES = 10_240  # the request line and the headers' values together
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(;[^\r\n]*)?\r\n")
_MAX_LINE = 4096


class Refused(Exception):
    """A request that is answered before anything looks at its path; what is left of it is unread."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status
        super().__init__(status.phrase)


def read(request: http.server.BaseHTTPRequestHandler) -> bytes:
    """Return the body; raises Refused for what is too large, malformed or does not arrive."""
    if len(request.requestline) > MAX_HEAD_BYTES:
        raise Refused(HTTPStatus.REQUEST_URI_TOO_LONG)
    if len(request.requestline) + sum(map(len, request.headers.values())) > MAX_HEAD_BYTES:
        raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    lengths, codings = (request.headers.get_all(name, []) for name in ("Content-Length", "Transfer-Encoding"))
    try:
        if codings:
            return b"".join(_chunks(request, [*lengths, *codings]))
        return _exactly(request, _length(lengths)) if lengths else b""
    except TimeoutError as error:
        raise Refused(HTTPStatus.REQUEST_TIMEOUT) from error


def _length(values: list[str]) -> int:
    if len(set(values)) != 1 or not _LENGTH.fullmatch(values[0]):
        raise Refused(HTTPStatus.BAD_REQUEST)
    return int(values[0])


def _exactly(request: http.server.BaseHTTPRequestHandler, length: int) -> bytes:
    if length > MAX_BODY_BYTES:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = request.rfile.read(length)
    if len(body) != length:
        raise Refused(HTTPStatus.BAD_REQUEST)
    return body


def _chunks(request: http.server.BaseHTTPRequestHandler, framing: list[str]) -> Iterator[bytes]:
    """Read a chunked body; a length beside it, or another coding, is how requests are smuggled."""
    if [coding.lower() for coding in framing] != ["chunked"]:
        raise Refused(HTTPStatus.BAD_REQUEST)
    total = 0
    while size := _chunk_size(request):
        total += size
        if total > MAX_BODY_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        yield _exactly(request, size)
        if request.rfile.read(2) != b"\r\n":
            raise Refused(HTTPStatus.BAD_REQUEST)
    while (line := request.rfile.readline(_MAX_LINE)) != b"\r\n":  # trailers, which nobody reads
        if not line.endswith(b"\r\n"):
            raise Refused(HTTPStatus.BAD_REQUEST)


def _chunk_size(request: http.server.BaseHTTPRequestHandler) -> int:
    found = _CHUNK_SIZE.fullmatch(request.rfile.readline(_MAX_LINE))
    if not found:
        raise Refused(HTTPStatus.BAD_REQUEST)
    return int(found[1], 16)
