"""What a deployed stack holds: its incident table and the address of its approval page."""

from functions.core.incidents import Incidents
from sandbox.cloud import Sandbox


def incidents(sandbox: Sandbox, stack: str) -> Incidents:
    """Return the incident table of a stack."""
    return Incidents(sandbox, _physical(sandbox, stack, "AWS::DynamoDB::Table"))


def approval_url(sandbox: Sandbox, stack: str) -> str:
    """Return the address of a stack's approval page."""
    api = _physical(sandbox, stack, "AWS::ApiGatewayV2::Api")
    return str(sandbox.client("apigatewayv2").get_api(ApiId=api)["ApiEndpoint"])


def let_hours_pass(sandbox: Sandbox, stack: str) -> None:
    """Let a stack forget what it has repaired lately, and what people were told just now."""
    table = incidents(sandbox, stack)
    for lately in (*table.history(f"target#{stack}", "repair#"), *table.history(f"target#{stack}", "trouble#")):
        table.delete(lately["incident"], lately["item"], expires=lately["expires"])


def _physical(sandbox: Sandbox, stack: str, kind: str) -> str:
    resources = sandbox.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return next(str(one["PhysicalResourceId"]) for one in resources if one["ResourceType"] == kind)
