"""API Gateway: a created HTTP API answers at an address of this machine."""

from typing import Any

from moto.apigatewayv2.models import Api, ApiGatewayV2Backend, Route

from sandbox.context import current
from sandbox.patches.replaced import replace


def install() -> None:
    """Serve HTTP APIs from their creation to their deletion."""
    replace(ApiGatewayV2Backend, "create_api", _create_api)
    replace(ApiGatewayV2Backend, "delete_api", _delete_api)
    replace(ApiGatewayV2Backend, "create_route", _create_route)


def _create_api(self: ApiGatewayV2Backend, *arguments: Any, **options: Any) -> Api:
    api: Api = replace.original(ApiGatewayV2Backend, "create_api")(self, *arguments, **options)
    if api.protocol_type != "HTTP":
        raise NotImplementedError(f"The sandbox serves HTTP APIs only, not {api.protocol_type}")
    api.api_endpoint = current().apis.serve(api)
    return api


def _create_route(self: ApiGatewayV2Backend, *arguments: Any, **options: Any) -> Route:
    route: Route = replace.original(ApiGatewayV2Backend, "create_route")(self, *arguments, **options)
    if route.authorization_type not in {None, "NONE", "AWS_IAM"}:
        raise NotImplementedError(f"The sandbox authorizes routes by IAM only, not by {route.authorization_type}")
    return route


def _delete_api(self: ApiGatewayV2Backend, api_id: str) -> None:
    current().apis.stop(api_id)
    replace.original(ApiGatewayV2Backend, "delete_api")(self, api_id)
