"""A CDK app with a second service: the same system under stricter rules, in English, started by hand only."""

from typing import Any

from aws_cdk import App

from infra.app import stacks
from statemachines import load
from statemachines.model import Service
from tests.system.run import RUNBOOK

AMEL, KARIM, LINA, NOOR = (f"{name}@maisonganopa.com" for name in ("amel", "karim", "lina", "noor"))
APPROVERS = {
    AMEL: {"principals": ["arn:aws:iam::123456789012:user/amel"]},
    KARIM: {"principals": ["arn:aws:iam::123456789012:user/karim"]},
    LINA: {"principals": ["arn:aws:iam::123456789012:user/lina"]},
    NOOR: {},
}
RULES: dict[str, Any] = {
    "levels": [
        {"name": "L1", "approvers": [AMEL, KARIM, NOOR], "minutes": 10},
        {"name": "L2", "approvers": [KARIM, LINA, NOOR], "minutes": 10},
    ],
    "policy": {"low": "one", "medium": "two", "high": "two"},
    "own_requests": "refused",
    "risks": {"correct_health_check": "medium", "attach_target_group": "high"},
}


def strict() -> Service:
    """Make the stricter service from ganopa-bot's file."""
    given = load.services()["ganopa-bot"].model_dump(by_alias=True)
    runbooks = {RUNBOOK: given["runbooks"][RUNBOOK] | {"alarms": [], "events": []}}
    changed = {"name": "strict-bot", "language": "en", "approval": RULES, "runbooks": runbooks}
    never = {"repairs": 100}  # tests repair it again and again
    return Service.model_validate(given | changed | {"approvers": APPROVERS, "flapping": never})


if __name__ == "__main__":
    app = App()
    stacks(app, [strict()], load.runbooks(), {})
    app.synth()
