"""A CDK app with a second service: the same system under stricter rules, in English, started by hand only."""

from typing import Any

from aws_cdk import App

from infra.service_stack import ServiceStack
from statemachines import load
from statemachines.model import Service

AMEL, KARIM, LINA = "amel@maisonganopa.com", "karim@maisonganopa.com", "lina@maisonganopa.com"
RULES: dict[str, Any] = {
    "levels": [
        {"name": "L1", "approvers": [AMEL, KARIM], "minutes": 10},
        {"name": "L2", "approvers": [KARIM, LINA], "minutes": 10},
    ],
    "policy": {"low": "one", "medium": "two", "high": "two"},
    "own_requests": "refused",
    "risks": {"correct_health_check": "medium", "attach_target_group": "high"},
}


def strict() -> Service:
    """Make the stricter service from ganopa-bot's file."""
    given = load.services()["ganopa-bot"].model_dump(by_alias=True)
    runbooks = {name: use | {"alarms": [], "events": []} for name, use in given["runbooks"].items()}
    changed = {"name": "strict-bot", "language": "en", "approval": RULES, "runbooks": runbooks}
    return Service.model_validate(given | changed)


if __name__ == "__main__":
    app = App()
    ServiceStack(app, strict(), load.runbooks())
    app.synth()
