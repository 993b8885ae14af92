import json

from tests.infra.template import Template

POST = "POST /incidents/{link}"


def test_the_page_has_these_addresses_and_no_other(template: Template) -> None:
    routes = template.of("ApiGatewayV2::Route").values()
    assert {route["RouteKey"] for route in routes} == {
        "GET /incidents/{link}",
        "HEAD /incidents/{link}",
        POST,
        "GET /style.css",
    }


def test_every_address_is_the_page(template: Template) -> None:
    (integration,) = template.of("ApiGatewayV2::Integration").values()
    page, _ = template.one("Lambda::Function", FunctionName="ganopa-bot-approval-page")
    assert integration["IntegrationUri"] == {"Fn::GetAtt": [page, "Arn"]}
    assert integration["PayloadFormatVersion"] == "2.0"


def test_the_mails_carry_the_apis_address(template: Template) -> None:
    api, _ = template.one("ApiGatewayV2::Api")
    url = {"Fn::GetAtt": [api, "ApiEndpoint"]}
    assert template.function("request-approval")["Environment"]["Variables"]["APPROVAL_URL"] == url
    assert template.outputs["ApprovalUrl"]["Value"] == url


def test_the_access_log_never_holds_a_link(template: Template) -> None:
    _, stage = template.one("ApiGatewayV2::Stage", StageName="$default")
    logged = json.loads(stage["AccessLogSettings"]["Format"]).values()
    assert "$context.routeKey" in logged
    assert "$context.path" not in logged


def test_opening_links_cannot_keep_a_person_from_deciding(template: Template) -> None:
    _, stage = template.one("ApiGatewayV2::Stage")
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
    assert stage["RouteSettings"] == {POST: {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}}


def test_no_other_site_may_call_it(template: Template) -> None:
    _, api = template.one("ApiGatewayV2::Api")
    assert "CorsConfiguration" not in api
