"""A schedule of EventBridge Scheduler is deployed, and starts its target as its role when a test says so."""

import json

import pytest
from botocore.exceptions import ClientError

from sandbox import schedules
from sandbox.cloud import Sandbox


def test_it_starts_its_target_with_its_input(sandbox: Sandbox) -> None:
    execution = schedules.start("daily")
    states = sandbox.client("stepfunctions")
    assert json.loads(states.describe_execution(executionArn=execution)["input"]) == {"text": "good morning"}
    states.stop_execution(executionArn=execution)


def test_it_is_deployed_as_it_is_declared(sandbox: Sandbox) -> None:
    deployed = sandbox.client("scheduler").get_schedule(Name="daily")
    assert (deployed["ScheduleExpression"], deployed["ScheduleExpressionTimezone"]) == (
        "cron(30 7 * * ? *)",
        "Asia/Dubai",
    )


def test_a_role_that_may_not_starts_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: states:StartExecution"):
        schedules.start("denied")
    assert any("states:StartExecution" in text for text in sandbox.denied)


@pytest.mark.usefixtures("sandbox")
def test_what_is_disabled_starts_nothing() -> None:
    with pytest.raises(ValueError, match="disabled is DISABLED"):
        schedules.start("disabled")
