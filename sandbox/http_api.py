"""API Gateway's HTTP APIs, each on a port of its own: routes, payload format 2.0, limits and error answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import http.server
import json
import threading
import time
from typing import Any

from moto.apigatewayv2.models import Api
from moto.awslambda.exceptions import UnknownFunctionException

from sandbox.account import ACCOUNT, REGION
from sandbox.http_api_event import Match, event, match
from sandbox.http_server import HttpServer, Response
from sandbox.lambda_functions import config, deployed, may_invoke
from sandbox.lambda_pool import LambdaPool, Throttled

MAX_BODY_BYTES = 10 * 1024 * 1024


class HttpApis:
    """The running HTTP APIs; each answers as the deployed routes, integrations and stages say at that moment."""

    def __init__(self, lambdas: LambdaPool) -> None:
        self._lambdas = lambdas
        self._servers: dict[str, HttpServer] = {}

    def serve(self, api: Api) -> str:
        """Serve an API on a free port; return its address, without a slash at the end."""
        handler = _HttpApi(api, self._lambdas)
        self._servers[api.api_id] = HttpServer(api.name, handler.respond)
        return self._servers[api.api_id].address

    def stop(self, api_id: str) -> None:
        """Stop serving an API."""
        server = self._servers.pop(api_id, None)
        if server:
            server.stop()

    def close(self) -> None:
        """Stop serving all APIs."""
        for api_id in list(self._servers):
            self.stop(api_id)


class _HttpApi:
    def __init__(self, api: Api, lambdas: LambdaPool) -> None:
        self._api = api
        self._lambdas = lambdas
        self._throttle = _TokenBucket()

    def respond(self, request: http.server.BaseHTTPRequestHandler) -> Response:
        body = _read(request)
        if body is None:
            request.close_connection = True
            return _message(413, "Request Entity Too Large")
        found = match(self._api, request.command, request.path.partition("?")[0])
        if found is None:
            return _message(404, "Not Found")
        if not self._throttle.take(found.stage.default_route_settings):
            return _message(429, "Too Many Requests")
        return self._invoke(found, event(self._api, found, request, body))

    def _invoke(self, found: Match, payload: dict[str, Any]) -> Response:
        route = found.route
        uri = self._api.integrations[route.target.removeprefix("integrations/")].integration_uri
        source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{self._api.api_id}/{found.stage.name}/{_arn_path(route)}"
        try:
            function = deployed(uri.split("/functions/")[-1].removesuffix("/invocations"))
            if not may_invoke(function, "apigateway.amazonaws.com", source):
                return _message(500, "Internal Server Error")
            result = self._lambdas.invoke(config(function), json.dumps(payload).encode())
        except UnknownFunctionException:
            return _message(500, "Internal Server Error")
        except Throttled:
            return _message(503, "Service Unavailable")
        return _message(500, "Internal Server Error") if result.error else _response(result.json())


class _TokenBucket:
    """Throttling of a stage: a rate per second and a burst."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = 0.0
        self._at: float | None = None

    def take(self, settings: dict[str, Any]) -> bool:
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None or burst is None:
            return True
        with self._lock:
            now = time.monotonic()
            grown = float(burst) if self._at is None else self._tokens + (now - self._at) * float(rate)
            self._tokens, self._at = min(float(burst), grown), now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


def _read(request: http.server.BaseHTTPRequestHandler) -> bytes | None:
    length = int(request.headers.get("Content-Length") or 0)
    return request.rfile.read(length) if length <= MAX_BODY_BYTES else None


def _response(answer: Any) -> Response:
    """Turn a handler's answer into a response; one without a status code is a 200 with that JSON."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(200, body.encode(), {"Content-Type": "application/json"})
    text = str(answer.get("body") or "")
    body_bytes = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    headers = {"Content-Type": "text/plain;charset=UTF-8"} if body_bytes else {}
    given = {str(name).title(): str(value) for name, value in (answer.get("headers") or {}).items()}
    return Response(int(answer["statusCode"]), body_bytes, {**headers, **given}, tuple(answer.get("cookies") or ()))


def _message(status: int, text: str) -> Response:
    return Response(status, json.dumps({"message": text}).encode(), {"Content-Type": "application/json"})


def _arn_path(route: Any) -> str:
    """Return the route as execute-api ARNs spell it: `GET/approvals/{id}`, or `$default`."""
    if route.route_key == "$default":
        return "$default"
    method, _, path = route.route_key.partition(" ")
    return f"{'*' if method == 'ANY' else method}{path}"
