"""API Gateway's HTTP APIs, each on a port of its own: routes, authorization, throttling, limits and error answers.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import http.server
import json
from collections.abc import Callable
from typing import Any

from moto.apigatewayv2.models import Api
from moto.awslambda.exceptions import UnknownFunctionException

from sandbox import access_log
from sandbox.account import ACCOUNT, home
from sandbox.callers import Caller
from sandbox.http_api_answer import response_of
from sandbox.http_api_event import Match, event, iam_of, match
from sandbox.http_request import Refused, read
from sandbox.http_server import HttpServer, Response, problem
from sandbox.lambda_function import NotInvoked
from sandbox.lambda_functions import config, deployed, may_invoke
from sandbox.lambda_pool import LambdaPool
from sandbox.lambda_runtime import MAX_REQUEST_BYTES
from sandbox.policies import allowed
from sandbox.signature import signer
from sandbox.throttle import Throttle

FindCaller = Callable[[str], Caller | None]


class HttpApis:
    """The running HTTP APIs; each answers as the deployed routes, integrations and stages say at that moment."""

    def __init__(self, lambdas: LambdaPool, find_caller: FindCaller) -> None:
        self._lambdas = lambdas
        self._find_caller = find_caller
        self._servers: dict[str, HttpServer] = {}

    def serve(self, api: Api) -> str:
        """Serve an API on a free port; return its address, without a slash at the end."""
        handler = _HttpApi(api, self._lambdas, self._find_caller)
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
    def __init__(self, api: Api, lambdas: LambdaPool, find_caller: FindCaller) -> None:
        self._api = api
        self._lambdas = lambdas
        self._find_caller = find_caller
        self._throttle = Throttle()

    def respond(self, request: http.server.BaseHTTPRequestHandler) -> Response:
        try:
            body = read(request)
        except Refused as refused:
            return problem(refused.status, unread=True)
        found = match(self._api, request.command, request.path.partition("?")[0])
        if found is None:
            return problem(404)
        payload = event(self._api, found, request, body)
        response = self._answer(found, payload, request, body)
        access_log.write(found.stage, payload["requestContext"], response)
        return response

    def _answer(
        self, found: Match, payload: dict[str, Any], request: http.server.BaseHTTPRequestHandler, body: bytes
    ) -> Response:
        if not self._throttle.admits(found.stage, found.route.route_key):
            return problem(429)
        if found.route.authorization_type == "AWS_IAM":
            caller = signer(request, body, self._find_caller)
            if caller is None or not self._may_call(caller, found, request.command):
                return problem(403)
            payload["requestContext"]["authorizer"] = {"iam": iam_of(caller)}
        return self._invoke(found, json.dumps(payload).encode())

    def _may_call(self, caller: Caller, found: Match, method: str) -> bool:
        return allowed(caller.policy, "execute-api:Invoke", self._arn(found, f"{method}{found.path}"), {})

    def _invoke(self, found: Match, payload: bytes) -> Response:
        if len(payload) > MAX_REQUEST_BYTES:
            return problem(413)
        integration = self._api.integrations[found.route.target.removeprefix("integrations/")]
        try:
            function = deployed(integration.integration_uri.split("/functions/")[-1].removesuffix("/invocations"))
            if not may_invoke(function, "apigateway.amazonaws.com", self._arn(found, _arn_path(found.route))):
                return problem(500)
            result = self._lambdas.invoke(config(function), payload)
        except UnknownFunctionException:
            return problem(500)
        except NotInvoked:
            return problem(503)
        return problem(500) if result.error else response_of(result.json())

    def _arn(self, found: Match, path: str) -> str:
        return f"arn:aws:execute-api:{home()}:{ACCOUNT}:{self._api.api_id}/{found.stage.name}/{path}"


def _arn_path(route: Any) -> str:
    """Return the route as execute-api ARNs spell it: `GET/approvals/{id}`, or `$default`."""
    if route.route_key == "$default":
        return "$default"
    method, _, path = route.route_key.partition(" ")
    return f"{'*' if method == 'ANY' else method}{path}"
