import json

from tests.infra.template import Template

POST = "POST /incidents/{link}"
SIGNED = ("GET /decisions/{incident}", "POST /decisions/{incident}")


def test_these_addresses_are_open_or_signed_and_there_is_no_other(template: Template) -> None:
    routes = template.of("ApiGatewayV2::Route").values()
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "GET /incidents/{link}": "NONE",
        "HEAD /incidents/{link}": "NONE",
        POST: "NONE",
        "GET /style.css": "NONE",
        "GET /decisions/{incident}": "AWS_IAM",
        "POST /decisions/{incident}": "AWS_IAM",
    }
    assert len(routes) == 6


def test_every_address_is_the_functions_that_is_meant_for_it(template: Template) -> None:
    integrations = template.of("ApiGatewayV2::Integration")
    assert {one["PayloadFormatVersion"] for one in integrations.values()} == {"2.0"}
    for route in template.of("ApiGatewayV2::Route").values():
        integration = integrations[route["Target"]["Fn::Join"][1][1]["Ref"]]
        name = "approval-command" if "/decisions/" in route["RouteKey"] else "approval-page"
        function, _ = template.one("Lambda::Function", FunctionName=f"ganopa-bot-{name}")
        assert integration["IntegrationUri"] == {"Fn::GetAtt": [function, "Arn"]}, route["RouteKey"]


def test_nobody_but_this_api_and_the_events_may_call_a_function(template: Template) -> None:
    api, _ = template.one("ApiGatewayV2::Api")
    for permission in template.of("Lambda::Permission").values():
        source = json.dumps(permission["SourceArn"])
        assert permission["Principal"] in ("apigateway.amazonaws.com", "events.amazonaws.com")
        assert permission["Principal"] != "apigateway.amazonaws.com" or json.dumps({"Ref": api}) in source


def test_an_approver_may_decide_by_command_and_do_nothing_else(template: Template) -> None:
    _, policy = template.one("IAM::ManagedPolicy", ManagedPolicyName="ganopa-bot-approver")
    (statement,) = policy["PolicyDocument"]["Statement"]
    api, _ = template.one("ApiGatewayV2::Api")
    place = ["arn:aws:execute-api:me-central-1:123456789012:", {"Ref": api}, "/$default/*/decisions/*"]
    assert statement == {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": {"Fn::Join": ["", place]},
    }
    assert not {"Users", "Groups", "Roles"} & policy.keys()  # whom it is given to is the account's own affair


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
    """A limit of its own for each address by which a person decides, so that none uses up another's."""
    _, stage = template.one("ApiGatewayV2::Stage")
    generous = {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
    assert stage["DefaultRouteSettings"] == generous
    assert stage["RouteSettings"] == dict.fromkeys((POST, *SIGNED), generous)


def test_no_other_site_may_call_it(template: Template) -> None:
    _, api = template.one("ApiGatewayV2::Api")
    assert "CorsConfiguration" not in api
