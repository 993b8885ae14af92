"""The way to the approval page: an HTTP API, since Lambda function URLs do not exist in every region."""

import json

from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import log_group
from infra.nag import accept
from statemachines.model import Service

INCIDENT = "/incidents/{link}"
ROUTES = (("GET", INCIDENT), ("HEAD", INCIDENT), ("POST", INCIDENT), ("GET", "/style.css"))
READING, DECIDING = (10, 20), (5, 10)  # requests a second, and at once
LOGGED = {  # never the path: the link in it is what lets a person decide
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "error": "$context.integrationErrorMessage",
}


class ApprovalApi(Construct):
    """The HTTP API in front of the approval page; `url` is its address."""

    def __init__(self, scope: Construct, service: Service, page: lambda_.IFunction) -> None:
        super().__init__(scope, "Approval")
        api = apigatewayv2.HttpApi(
            self,
            "Api",
            api_name=f"{service.name}-approval",
            description=f"Shows and takes decisions on incidents of {service.title}",
            create_default_stage=False,
        )
        integration = integrations.HttpLambdaIntegration("Page", page, scope_permission_to_route=False)
        for method, path in ROUTES:
            route = apigatewayv2.HttpRoute(
                self,
                f"{method}-{path.split('/')[1]}",
                http_api=api,
                route_key=apigatewayv2.HttpRouteKey.with_(path, apigatewayv2.HttpMethod[method]),
                integration=integration,
            )
            accept(
                route,
                "APIG4",
                "A mail's reader has no credentials: the link's 256 random bits, of which only the hash is stored, "
                "are what authorizes",
            )
        self.url = api.api_endpoint
        self._stage(api, service)

    def _stage(self, api: apigatewayv2.HttpApi, service: Service) -> None:
        group = log_group(self, f"/aws/vendedlogs/apis/{service.name}-approval")
        stage = apigatewayv2.CfnStage(
            self,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigatewayv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(LOGGED)
            ),
            default_route_settings=_throttle(*READING),
            # With a limit of its own, so that those who only open links cannot keep a person from deciding.
            route_settings={
                f"POST {INCIDENT}": {"ThrottlingRateLimit": DECIDING[0], "ThrottlingBurstLimit": DECIDING[1]}
            },
        )
        stage.node.add_dependency(*(child for child in self.node.children if isinstance(child, apigatewayv2.HttpRoute)))


def _throttle(rate: int, burst: int) -> apigatewayv2.CfnStage.RouteSettingsProperty:
    return apigatewayv2.CfnStage.RouteSettingsProperty(throttling_rate_limit=rate, throttling_burst_limit=burst)
