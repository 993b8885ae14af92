"""EventBridge Scheduler's part that moto lacks: starting what a schedule names, at a moment of the caller's choice."""

from sandbox.clients import client
from sandbox.delivery import role_key


def start(name: str) -> str:
    """Start the state machine that a schedule names, as its role and with its input; return the execution's ARN.

    Raises:
        botocore.exceptions.ClientError: where there is no such schedule, or the role may not.
    """
    schedule = client("scheduler").get_schedule(Name=name)
    if schedule["State"] != "ENABLED":
        raise ValueError(f"the schedule {name} is {schedule['State']}")
    target = schedule["Target"]
    states = client("stepfunctions", role_key(target["RoleArn"], "Scheduler"))
    started = states.start_execution(stateMachineArn=target["Arn"], input=target.get("Input", "{}"))
    return str(started["executionArn"])
