"""Is the public endpoint well, as its users see it?"""

import time

from functions.core.aws import Session
from functions.core.check import check
from functions.core.fetch import fetch
from functions.core.fields import HttpsAddress, StatusCodes, accepts
from functions.core.language import marked, say
from functions.core.results import Finding, Parameters

ANSWER = marked("{url}: status {status} after {latency_ms} ms, expected {accept}")
SILENCE = marked("{url}: no answer ({error}) after {latency_ms} ms, expected {accept}")


class HttpEndpoint(Parameters):
    """An HTTPS address, and the statuses that are fine there, as "200", "200-499" or "200,405"."""

    url: HttpsAddress
    accept: StatusCodes


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
    status, error, said = fetch(parameters.url)
    facts = {"status": status, "latency_ms": round((time.monotonic() - started) * 1000), "error": error}
    fine = status is not None and accepts(parameters.accept, status)
    backend = None if status is None else status in (502, 503, 504)
    return Finding(
        summary=say(SILENCE if status is None else ANSWER, **parameters.model_dump(), **facts),
        signals={"failing": not fine, "unreachable": status is None, "no-backend": backend},
        facts=facts,
        evidence=[] if fine else [said],
    )
