"""The door of all AWS APIs of the sandbox: latency, permissions, and a loud answer to what is not simulated."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.access import Access, AccessDenied, refusal
from sandbox.api_call import ApiCall
from sandbox.api_error import Answer, Headers, error_answer
from sandbox.fault_answers import CallFaults
from sandbox.trail import Trail

_LOG = logging.getLogger(__name__)
_NOT_IMPLEMENTED = 501  # clients retry 500, 502, 503 and 504, but not this one

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
OwnServices = Mapping[str, Callable[[ApiCall], Answer]]  # that moto lacks, by the name that requests are signed for


class NotSimulated(Exception):
    """An API call that the sandbox has no answer for."""

    code = "NotSimulated"

    def __init__(self, call: str, reason: str) -> None:
        self.message = f"The sandbox does not simulate {call}: {reason}. Add it under sandbox/patches/."
        super().__init__(self.message)


class Gateway:
    """WSGI middleware around moto's server; unsimulated collects the names of calls that it could not answer."""

    def __init__(self, app: WsgiApp, access: Access, trail: Trail, faults: CallFaults, own: OwnServices) -> None:
        self.latency = 0.0  # seconds, before every API call
        self.unsimulated: list[str] = []
        self.closing = False  # what executions still ask for is nobody's concern then
        self._app = app
        self._access = access
        self._trail = trail
        self._faults = faults
        self._own = own

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        call = ApiCall.read(environ)
        if call is None:
            return self._app(environ, start_response)
        time.sleep(self.latency)
        status, headers, body = self._faults.answer(call, lambda: self._answer(call, environ))
        self._trail.record(call, self._access.caller(call.access_key), status, body)
        start_response(status, headers)
        return [body]

    def _answer(self, call: ApiCall, environ: dict[str, Any]) -> Answer:
        try:
            return self._simulated(call, environ)
        except AccessDenied as denied:
            _LOG.warning("%s", denied.message)
            return refusal(call, denied)
        except NotSimulated as error:
            if not self.closing:
                _LOG.warning("%s", error.message)
                self.unsimulated.append(call.name)
            return error_answer(call, error.code, _NOT_IMPLEMENTED, error.message)

    def _simulated(self, call: ApiCall, environ: dict[str, Any]) -> Answer:
        started: list[tuple[Any, ...]] = []
        try:
            self._access.authorize(call)
            if call.signing_name in self._own:
                return self._own[call.signing_name](call)
            body = b"".join(self._app(environ, lambda *args: started.append(args)))
        except AccessDenied:
            raise
        except NotImplementedError as error:
            raise NotSimulated(call.name, str(error)) from error
        except Exception as error:  # moto has no error model of its own: whatever escapes is a gap
            if not self.closing:
                _LOG.exception("The sandbox failed in %s", call.name)
            raise NotSimulated(call.name, f"{type(error).__name__}: {error}") from error
        status, headers = started[-1][:2]
        if _is_unknown_address(status, headers, body):
            raise NotSimulated(call.name, "moto serves nothing at this address")
        return status, headers, body


def _is_unknown_address(status: str, headers: Headers, body: bytes) -> bool:
    """Tell Flask's own page for an address without a handler from a service's 404."""
    types = {name.lower(): value for name, value in headers}.get("content-type", "")
    return status.startswith(("404", "405")) and "text/html" in types and b"<!doctype html>" in body
