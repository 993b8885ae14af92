"""A stage's access log: one line per request in the format that the stage asks for, in its log group.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

import re
from typing import Any

from moto.apigatewayv2.models import Stage

from sandbox import log_groups
from sandbox.http_server import Response

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]*[A-Za-z0-9_])")


def write(stage: Stage, context: dict[str, Any], response: Response) -> None:
    """Log a request; context is its event's requestContext."""
    settings = stage.access_log_settings
    if not settings or "format" not in settings:
        return
    values = _values(context, response)
    line = _VARIABLE.sub(lambda found: values.get(found[1], "-"), settings["format"])
    log_groups.put(settings["destinationArn"].split(":log-group:")[1].removesuffix(":*"), line)


def _values(context: dict[str, Any], response: Response) -> dict[str, str]:
    request, iam = context["http"], context.get("authorizer", {}).get("iam", {})
    direct = ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "routeKey", "stage")
    values = {
        **{name: context[name] for name in direct},
        "httpMethod": request["method"],
        "path": request["path"],
        "protocol": request["protocol"],
        "requestTime": context["time"],
        "requestTimeEpoch": context["timeEpoch"],
        "identity.sourceIp": request["sourceIp"],
        "identity.userAgent": request["userAgent"],
        "identity.accountId": iam.get("accountId"),
        "identity.caller": iam.get("callerId"),
        "identity.user": iam.get("userId"),
        "identity.userArn": iam.get("userArn"),
        "responseLength": len(response.body),
        "status": response.status,
    }
    return {name: str(value) for name, value in values.items() if value}
