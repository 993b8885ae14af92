"""AWS over HTTP for the real CLI: what moto keeps in this process, and what tests wrote where it knows no answer."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.functions.answering import Answer

ROUTES = {
    "GetApp": "/apps/(?P<appId>[^/]+)",
    "ListBranches": "/apps/(?P<appId>[^/]+)/branches",
    "ListJobs": "/apps/(?P<appId>[^/]+)/branches/(?P<branchName>[^/]+)/jobs",
    "GetAccount": "/v2/email/account",
    "ListEmailIdentities": "/v2/email/identities",
    "GetEmailIdentity": "/v2/email/identities/(?P<EmailIdentity>[^/]+)",
}
SIGNED = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
Told = Callable[[str, Answer], Answer]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def served(**told: Told) -> Iterator[dict[str, str]]:
    """Serve it; gives the environment that makes the CLI ask here.

    Args:
        told: functions of an operation and its parameters that answer instead of moto, by service: amplify, ses.
    """
    moto = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        signed = SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
        service = signed["service"] if signed else ""
        if service not in told:
            answer: Iterable[bytes] = moto(environ, start)
            return answer
        return _answer(told[service](*_asked(environ)), start)

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    try:
        # S3 Control is asked at an address that begins with the account, which only a proxy knows
        yield {
            "AWS_ENDPOINT_URL": here,
            "AWS_ENDPOINT_URL_S3_CONTROL": "http://aws.test",
            "HTTP_PROXY": here,
            "HTTPS_PROXY": "http://127.0.0.1:1",  # nothing leaves this machine
            "NO_PROXY": "127.0.0.1",
        }
    finally:
        server.shutdown()
        server.server_close()


def _asked(environ: Mapping[str, Any]) -> tuple[str, Answer]:
    """Tell what a request asks for: the operation, and its parameters, of the path and of the query."""
    path, query = environ["REQUEST_URI"].partition("?")[0], dict(parse_qsl(environ["QUERY_STRING"]))
    ((operation, found),) = ((name, found) for name, route in ROUTES.items() if (found := re.fullmatch(route, path)))
    given = {key: unquote(value) for key, value in found.groupdict().items()} | query
    return operation, {key: int(value) if value.isdigit() else value for key, value in given.items()}


def _answer(said: Answer, start: Callable[..., Any]) -> list[bytes]:
    """Write an answer, or an error, as JSON."""
    error = said.get("Error")
    headers = [("Content-Type", "application/json"), *([("X-Amzn-Errortype", error["Code"])] if error else [])]
    start("400 Bad Request" if error else "200 OK", headers)
    body = {"message": error["Message"]} if error else said
    return [json.dumps(body, default=datetime.timestamp).encode()]
