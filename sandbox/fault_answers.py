"""What an API answers under a fault: the services' own errors, in their own protocols.

https://docs.aws.amazon.com/IAM/latest/UserGuide/CommonErrors.html and each service's API reference, "Common errors"
"""

import time
from collections.abc import Callable

from sandbox.access import denied
from sandbox.api_call import ApiCall
from sandbox.api_error import Answer, Headers, error_answer
from sandbox.faults import Faults, Kind
from sandbox.lambda_pool import Running

_LONGEST_HANG = 60.0
_THROTTLING = {  # the rest say ThrottlingException in JSON and Throttling in XML
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 400),
}
_UNAVAILABLE = {  # the rest say ServiceUnavailable
    "dynamodb": ("InternalServerError", 500),
    "ec2": ("Unavailable", 503),
    "kms": ("KMSInternalException", 500),
    "lambda": ("ServiceException", 500),
    "sns": ("InternalError", 500),
    "ssm": ("InternalServerError", 500),
}


class CallFaults:
    """Spoils the calls that functions make; the trace header that the SDK adds in Lambda tells which function it is."""

    def __init__(self, faults: Faults, running: Callable[[str], Running | None]) -> None:
        self._faults = faults
        self._running = running

    def answer(self, call: ApiCall, perform: Callable[[], Answer]) -> Answer:
        """Answer a call: by performing it, or as the fault wants that strikes it."""
        running = self._running(call.environ.get("HTTP_X_AMZN_TRACE_ID", "")) if self._faults.any else None
        kind = self._faults.strike(running.function, running.state, call.name) if running else None
        if running is None or kind is None:
            return perform()
        return self._spoilt(kind, call, running, perform)

    def _spoilt(self, kind: Kind, call: ApiCall, running: Running, perform: Callable[[], Answer]) -> Answer:
        match kind:
            case Kind.THROTTLED:
                default = "ThrottlingException" if "json" in call.protocol else "Throttling"
                return error_answer(call, *_THROTTLING.get(call.signing_name, (default, 400)), "Rate exceeded")
            case Kind.DENIED:
                return denied(call, f"arn:aws:sts::sandbox:assumed-role/{running.function}")
            case Kind.UNAVAILABLE:
                code, status = _UNAVAILABLE.get(call.signing_name, ("ServiceUnavailable", 503))
                return error_answer(call, code, status, "The service is unavailable")
            case Kind.MALFORMED:
                return _torn(*perform())
            case Kind.EXIT_BEFORE:
                running.environment.exit()
            case Kind.EXIT_AFTER:
                perform()
                running.environment.exit()
            case Kind.HANGS:
                _hang(running)
        raise ConnectionAbortedError(f"{call.name}: {kind.value}")  # the server closes the connection without an answer


def _torn(status: str, headers: Headers, body: bytes) -> Answer:
    """Lose the second half of an answer on its way."""
    rest = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return status, [*rest, ("Content-Length", str(len(body) + 1))], body[: len(body) // 2]


def _hang(running: Running) -> None:
    """Answer nothing while the function is there to wait; it may give up before."""
    until = time.monotonic() + _LONGEST_HANG
    while running.environment.alive and time.monotonic() < until:
        time.sleep(0.1)
