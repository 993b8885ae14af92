"""The real template, deployed once by the real CDK CLI into a sandbox that all tests here share."""

from collections.abc import Iterator

import pytest

from sandbox.cloud import Sandbox
from sandbox.world import World
from tests.system.run import MACHINE, SERVICE


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with ganopa-bot's stack deployed."""
    with Sandbox.start() as started:
        started.deploy("ganopa-bot")
        yield started


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    """The healthy service, with no incident open and no alarm raised; healed afterwards."""
    _calm(sandbox)
    yield sandbox.world
    _stop_executions(sandbox)
    sandbox.world.heal()


def _calm(sandbox: Sandbox) -> None:
    sandbox.world.heal()
    alarms = sandbox.client("cloudwatch")

    def silent() -> bool:
        found = alarms.describe_alarms(AlarmNames=list(SERVICE.alarms))["MetricAlarms"]
        return all(alarm["StateValue"] == "OK" for alarm in found) and not _running(sandbox)

    sandbox.world.wait_until(silent, 30)


def _stop_executions(sandbox: Sandbox) -> None:
    for execution in _running(sandbox):
        sandbox.client("stepfunctions").stop_execution(executionArn=execution)


def _running(sandbox: Sandbox) -> list[str]:
    states = sandbox.client("stepfunctions")
    found = states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")["executions"]
    return [execution["executionArn"] for execution in found]
