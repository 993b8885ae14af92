"""One HTTPS answer as a user's browser would get it, in a bounded time."""

import json
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

from functions.core.language import say
from functions.core.reading import within

# The first is for each step of an attempt, and for each of the addresses that a grown load balancer has.
STEP_SECONDS, ALL_SECONDS, BODY_BYTES, JSON_BYTES = 5, 10, 1024, 65_536
HEADERS = {"User-Agent": "runbook-check"}
ERRORS = {socket.gaierror: "dns", ConnectionRefusedError: "refused", TimeoutError: "timeout", ssl.SSLError: "tls"}


class Answer(NamedTuple):
    """What came: a status, or the class of error; and the start of the body, or of the complaint."""

    status: int | None
    error: str | None
    said: str


class AnyAnswer(HTTPErrorProcessor):
    """Takes every status as an answer: follows no redirect, raises no error."""

    def https_response(self, _request: Request, response: HTTPResponse) -> HTTPResponse:
        """Return the response as it is."""
        return response


class TooLong(Exception):
    """An answer is longer than any that is read: what it says is not known."""


def fetch(url: str) -> Answer:
    """Ask an HTTPS address once; whoever calls makes sure that it is one."""
    return _answer(Request(url, headers=HEADERS), _start)  # noqa: S310  the caller allows https only


def fetch_json(url: str, sent: Any = None) -> tuple[Answer, dict[str, Any]]:
    """Ask an HTTPS address once for a JSON object, or post it some JSON; what is no object comes as an empty one.

    Raises:
        TooLong: when the answer goes on after JSON_BYTES.
    """
    body = None if sent is None else json.dumps(sent).encode()
    request = Request(url, body, HEADERS | {"Content-Type": "application/json"})  # noqa: S310  as above
    answer = _answer(request, _whole)
    try:
        given = json.loads(answer.said)
    except ValueError:
        given = None
    return answer, given if answer.status and isinstance(given, dict) else {}


def _answer(request: Request, read: Callable[[HTTPResponse], str]) -> Answer:
    try:
        return within(ALL_SECONDS, lambda: _ask(request, read))
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        known = next((name for kind, name in ERRORS.items() if isinstance(reason, kind)), "other")
        return Answer(None, known, str(reason))


def _ask(request: Request, read: Callable[[HTTPResponse], str]) -> Answer:
    with build_opener(AnyAnswer).open(request, timeout=STEP_SECONDS) as response:
        return Answer(response.status, None, read(response))


def _whole(response: HTTPResponse) -> str:
    body = response.read(JSON_BYTES + 1)
    if len(body) > JSON_BYTES:
        raise TooLong(say("{url} answers with more than {bytes} bytes", url=response.geturl(), bytes=JSON_BYTES))
    return body.decode(errors="replace")


def _start(response: HTTPResponse) -> str:
    """Return what one read gives, however long the body."""
    return " ".join(response.read1(BODY_BYTES).decode(errors="replace").split())
