"""The real template, deployed once by the real CDK CLI into a sandbox that all tests here share."""

from collections.abc import Iterator

import pytest
from sandbox.cloud import Sandbox
from sandbox.world import World

from tests.system.run import MACHINE


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
    sandbox.world.wait_until(
        lambda: all(
            one["StateValue"] == "OK"
            for one in alarms.describe_alarms()["MetricAlarms"]
            if "ganopa" in one["AlarmName"]
        ),
        30,
    )


def _stop_executions(sandbox: Sandbox) -> None:
    states = sandbox.client("stepfunctions")
    for running in states.list_executions(stateMachineArn=MACHINE, statusFilter="RUNNING")["executions"]:
        states.stop_execution(executionArn=running["executionArn"])
