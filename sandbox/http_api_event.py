"""Which route of an HTTP API a request takes, and the event that its Lambda function receives (payload format 2.0)."""

import base64
import datetime
import http.server
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.apigatewayv2.models import Api, Route, Stage

from sandbox.account import ACCOUNT, home
from sandbox.callers import Caller

# Bodies of every other type arrive in Base64, those of HTML forms too.
_TEXT_TYPES = re.compile(r"(text/.*|application/(.*\+)?(json|xml)|application/javascript)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Match:
    """The route that a request takes: path is without the stage's name, parameters are the decoded path variables."""

    route: Route
    stage: Stage
    path: str
    parameters: dict[str, str]


def match(api: Api, method: str, path: str) -> Match | None:
    """Return the route as API Gateway picks it (exact path, then variables, then $default), None for no route."""
    stage, path = _stage(api, path)
    if stage is None:
        return None
    candidates = [(_rank(route, method, path), route) for route in api.routes.values()]
    hits = [(rank, route) for rank, route in candidates if rank is not None]
    if not hits:
        return None
    route = min(hits, key=lambda hit: hit[0])[1]
    found = _pattern(route.route_key.partition(" ")[2]).fullmatch(path) if route.route_key != "$default" else None
    parameters = {name: unquote(value) for name, value in found.groupdict().items()} if found else {}
    return Match(route, stage, path, parameters)


def event(api: Api, found: Match, request: http.server.BaseHTTPRequestHandler, body: bytes) -> dict[str, Any]:
    """Return the event of payload format 2.0 for a request with its body."""
    headers = _headers(request)
    query = request.path.partition("?")[2]
    cookies = headers.pop("cookie", None)
    return {
        "version": "2.0",
        "routeKey": found.route.route_key,
        "rawPath": found.path if found.stage.name == "$default" else f"/{found.stage.name}{found.path}",
        "rawQueryString": query,
        **({"cookies": [cookie.strip() for cookie in cookies.split(";")]} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": _joined(parse_qsl(query, keep_blank_values=True))} if query else {}),
        "requestContext": _request_context(api, found, request, headers),
        **({"pathParameters": found.parameters} if found.parameters else {}),
        **_body(body, headers.get("content-type", "")),
    }


def iam_of(caller: Caller) -> dict[str, str | None]:
    """Return who signed a request as the event's requestContext.authorizer.iam says it."""
    return {
        "accessKey": caller.access_key,
        "accountId": ACCOUNT,
        "callerId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.user_id,
    }


def _request_context(
    api: Api, found: Match, request: http.server.BaseHTTPRequestHandler, headers: dict[str, str]
) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC)
    return {
        "accountId": ACCOUNT,
        "apiId": api.api_id,
        "domainName": f"{api.api_id}.execute-api.{home()}.amazonaws.com",
        "domainPrefix": api.api_id,
        "http": {
            "method": request.command,
            "path": found.path,
            "protocol": request.request_version,
            "sourceIp": request.client_address[0],
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": uuid.uuid4().hex[:16],
        "routeKey": found.route.route_key,
        "stage": found.stage.name,
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(time.time() * 1000),
    }


def _stage(api: Api, path: str) -> tuple[Stage | None, str]:
    first, _, rest = path.removeprefix("/").partition("/")
    if first in api.stages and first != "$default":
        return api.stages[first], f"/{rest}"
    return api.stages.get("$default"), path


def _rank(route: Route, method: str, path: str) -> tuple[int, ...] | None:
    """Return how well a route fits, smaller is better; None where it does not."""
    if route.route_key == "$default":
        return (9,)
    wanted, _, template = route.route_key.partition(" ")
    if wanted not in {method, "ANY"} or not _pattern(template).fullmatch(path):
        return None
    greedy = "+}" in template
    return (1 if greedy else 0, template.count("{"), -len(template), 0 if wanted == method else 1)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"({\w+\+?})", template)
    return re.compile("".join(_part(part) for part in parts))


def _part(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return f"(?P<{part[1:-2]}>.+)" if part.endswith("+}") else f"(?P<{part[1:-1]}>[^/]+)"


def _headers(request: http.server.BaseHTTPRequestHandler) -> dict[str, str]:
    return _joined([(name.lower(), value) for name, value in request.headers.items()])


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    if _TEXT_TYPES.match(content_type):
        return {"body": body.decode(errors="replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
