"""The door of all AWS APIs of the sandbox: latency, permissions, and a loud answer to what is not simulated."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import UnknownServiceError

from sandbox.access import Access, AccessDenied
from sandbox.api_call import ApiCall
from sandbox.api_error import serialize

_LOG = logging.getLogger(__name__)
_FORBIDDEN = "403 FORBIDDEN"
_BAD_REQUEST = "400 BAD REQUEST"
_NOT_IMPLEMENTED = "501 NOT IMPLEMENTED"  # clients retry 500, 502, 503 and 504, but not this one

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NotSimulated(Exception):
    """An API call that the sandbox has no answer for."""

    code = "NotSimulated"

    def __init__(self, call: str, reason: str) -> None:
        self.message = f"The sandbox does not simulate {call}: {reason}. Add it under sandbox/patches/."
        super().__init__(self.message)


class Gateway:
    """WSGI middleware around moto's server; unsimulated collects the names of calls that it could not answer."""

    def __init__(self, app: WsgiApp, access: Access) -> None:
        self.latency = 0.0  # seconds, before every API call
        self.unsimulated: list[str] = []
        self.closing = False  # what executions still ask for is nobody's concern then
        self._app = app
        self._access = access

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        call = ApiCall.read(environ)
        if call is None:
            return self._app(environ, start_response)
        time.sleep(self.latency)
        try:
            return self._answer(call, environ, start_response)
        except AccessDenied as denied:
            status = _BAD_REQUEST if _protocol(call) == "json" else _FORBIDDEN
            _LOG.warning("%s", denied.message)
            return _respond(call, denied, status, start_response)
        except NotSimulated as error:
            if not self.closing:
                _LOG.warning("%s", error.message)
                self.unsimulated.append(call.name)
            return _respond(call, error, _NOT_IMPLEMENTED, start_response)

    def _answer(self, call: ApiCall, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[tuple[Any, ...]] = []
        try:
            self._access.authorize(call)
            body = b"".join(self._app(environ, lambda *args: started.append(args)))
        except AccessDenied:
            raise
        except NotImplementedError as error:
            raise NotSimulated(call.name, str(error)) from error
        except Exception as error:  # moto has no error model of its own: whatever escapes is a gap
            if not self.closing:
                _LOG.exception("The sandbox failed in %s", call.name)
            raise NotSimulated(call.name, f"{type(error).__name__}: {error}") from error
        if _is_unknown_address(started[-1], body):
            raise NotSimulated(call.name, "moto serves nothing at this address")
        start_response(*started[-1])
        return [body]


def _is_unknown_address(started: tuple[Any, ...], body: bytes) -> bool:
    """Tell Flask's own page for an address without a handler from a service's 404."""
    status, headers = started[0], {name.lower(): value for name, value in started[1]}
    if not status.startswith(("404", "405")) or "text/html" not in headers.get("content-type", ""):
        return False
    return b"<!doctype html>" in body


def _respond(
    call: ApiCall, error: AccessDenied | NotSimulated, status: str, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    headers, body = serialize(_protocol(call), error.code, error.message)
    start_response(status, [*headers.items(), ("Content-Length", str(len(body)))])
    return [body]


def _protocol(call: ApiCall) -> str:
    try:
        return call.protocol
    except (NotImplementedError, UnknownServiceError):
        return "json"  # a service that botocore does not know under this name
