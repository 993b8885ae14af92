"""Is the public endpoint well, as its users see it?"""

import socket
import ssl
import time
from http.client import HTTPException, HTTPResponse
from typing import Annotated
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

from pydantic import StringConstraints

from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import StatusCodes, accepts
from functions.core.language import marked, say
from functions.core.results import Finding, Parameters

TIMEOUT_SECONDS, BODY_BYTES = 5, 1024
ANSWER = marked("{url}: status {status} after {latency_ms} ms, expected {accept}")
SILENCE = marked("{url}: no answer ({error}) after {latency_ms} ms, expected {accept}")
ERRORS = {socket.gaierror: "dns", ConnectionRefusedError: "refused", TimeoutError: "timeout", ssl.SSLError: "tls"}


class HttpEndpoint(Parameters):
    """An HTTPS address, and the statuses that are fine there, as "200", "200-499" or "200,405"."""

    url: Annotated[str, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?$")]
    accept: StatusCodes


class AnyAnswer(HTTPErrorProcessor):
    """Takes every status as an answer: follows no redirect, raises no error."""

    def https_response(self, _request: Request, response: HTTPResponse) -> HTTPResponse:
        """Return the response as it is."""
        return response


@check(
    signals={
        "failing": "The endpoint does not answer as it should",
        "unreachable": "The endpoint gives no HTTP answer at all",
        "no-backend": "The load balancer answers that nothing stands behind it (502, 503 or 504)",
    }
)
def handler(parameters: HttpEndpoint, _aws: Session) -> Finding:
    """Does the endpoint answer with an accepted status? Source: ganopa-bot runbook 2, Validation 1 and 2."""
    started = time.monotonic()
    status, error, said = _ask(parameters.url)
    facts = {"status": status, "latency_ms": round((time.monotonic() - started) * 1000), "error": error}
    fine = status is not None and accepts(parameters.accept, status)
    backend = None if status is None else status in (502, 503, 504)
    return Finding(
        summary=say(SILENCE if status is None else ANSWER, **parameters.model_dump(), **facts),
        signals={"failing": not fine, "unreachable": status is None, "no-backend": backend},
        facts=facts,
        evidence=[] if fine else [said],
    )


def _ask(url: str) -> tuple[int | None, str | None, str]:
    """Return status, class of error, and what was said: one read, however long the body or slow its sender."""
    request = Request(url, headers={"User-Agent": "runbook-check"})  # noqa: S310  HttpEndpoint allows https only
    try:
        with build_opener(AnyAnswer).open(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, None, " ".join(response.read1(BODY_BYTES).decode(errors="replace").split())
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        return None, next((name for kind, name in ERRORS.items() if isinstance(reason, kind)), "other"), str(reason)
