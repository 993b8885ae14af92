"""The ways to decide, by link and by command: an HTTP API, since Lambda function URLs do not exist in every region."""

import json
from typing import cast

from aws_cdk import CfnElement, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import log_group
from infra.nag import accept
from statemachines.model import Service

LINK, COMMAND, STYLE = "/incidents/{link}", "/decisions/{incident}", "/style.css"
ROUTES = (("GET", LINK), ("HEAD", LINK), ("POST", LINK), ("GET", STYLE))
SIGNED = (("GET", COMMAND), ("POST", COMMAND))
READING, DECIDING = (50, 100), (50, 100)  # requests a second, and at once: of everybody together, so not few
LOGGED = {  # never the path: the link in it is what lets a person decide
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "error": "$context.integrationErrorMessage",
}


class ApprovalApi(Construct):
    """The HTTP API in front of the approval page and of the command; `url` is its address."""

    def __init__(self, scope: Construct, service: Service, page: lambda_.IFunction, command: lambda_.IFunction) -> None:
        super().__init__(scope, "Approval")
        self._api = apigatewayv2.HttpApi(
            self,
            "Api",
            api_name=f"{service.name}-approval",
            description=f"Shows and takes decisions on incidents of {service.title}",
            create_default_stage=False,
        )
        shown = integrations.HttpLambdaIntegration("Page", page, scope_permission_to_route=False)
        decided = integrations.HttpLambdaIntegration("Command", command, scope_permission_to_route=False)
        for method, path in ROUTES:
            accept(
                self._route(method, path, shown),
                "APIG4",
                "A mail's reader has no credentials: the link's 256 random bits, of which only the hash is stored, "
                "are what authorizes",
            )
        for method, path in SIGNED:
            self._route(method, path, decided, authorizers.HttpIamAuthorizer())
        self.url = self._api.api_endpoint
        self._stage(service)
        self._policy(service)

    def _route(
        self,
        method: str,
        path: str,
        integration: integrations.HttpLambdaIntegration,
        authorizer: authorizers.HttpIamAuthorizer | None = None,
    ) -> apigatewayv2.HttpRoute:
        return apigatewayv2.HttpRoute(
            self,
            f"{method}-{path.split('/')[1]}",
            http_api=self._api,
            route_key=apigatewayv2.HttpRouteKey.with_(path, apigatewayv2.HttpMethod[method]),
            integration=integration,
            authorizer=authorizer,
        )

    def _policy(self, service: Service) -> None:
        """Make the policy that an approver's principal needs to decide by command."""
        place, paths = f"arn:aws:execute-api:{service.region}:{service.account}", "$default/*/decisions/*"
        policy = iam.ManagedPolicy(
            self,
            "Approver",
            managed_policy_name=f"{service.name}-approver",
            description=f"Lets an approver of {service.name} decide by command",
            statements=[
                iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[f"{place}:{self._api.api_id}/{paths}"])
            ],
        )
        api = cast("CfnElement", self._api.node.default_child)
        shown = f"{place}:<{Stack.of(self).get_logical_id(api)}>/{paths}"
        accept(
            policy, f"IAM5[Resource::{shown}]", "An approver decides on any incident of this service, to come ones too"
        )

    def _stage(self, service: Service) -> None:
        group = log_group(self, f"/aws/vendedlogs/apis/{service.name}-approval")
        stage = apigatewayv2.CfnStage(
            self,
            "Stage",
            api_id=self._api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigatewayv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(LOGGED)
            ),
            default_route_settings=_throttle(*READING),
            # With limits of their own, so that those who only open links cannot keep a person from deciding.
            route_settings={
                f"{method} {path}": {"ThrottlingRateLimit": DECIDING[0], "ThrottlingBurstLimit": DECIDING[1]}
                for method, path in (("POST", LINK), *SIGNED)
            },
        )
        stage.node.add_dependency(*(child for child in self.node.children if isinstance(child, apigatewayv2.HttpRoute)))


def _throttle(rate: int, burst: int) -> apigatewayv2.CfnStage.RouteSettingsProperty:
    return apigatewayv2.CfnStage.RouteSettingsProperty(throttling_rate_limit=rate, throttling_burst_limit=burst)
