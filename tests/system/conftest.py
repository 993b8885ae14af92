"""The real template, deployed once by the real CDK CLI into a sandbox that all tests here share."""

from collections.abc import Iterator

import pytest

from sandbox.cloud import Sandbox
from sandbox.world import World
from tests.system.run import SERVICE, stop_executions


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with ganopa-bot's stack deployed; at the end nothing was denied, and nothing failed unseen."""
    with Sandbox.start() as started:
        started.deploy("ganopa-bot")
        yield started
        assert (started.denied, started.unsimulated, started.failures) == ([], [], [])


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    """The healthy service, with no incident open and no alarm raised; healed afterwards."""
    sandbox.world.heal()
    sandbox.world.wait_until(lambda: _silent(sandbox) and not stop_executions(sandbox), 30)
    yield sandbox.world
    stop_executions(sandbox)
    sandbox.world.heal()


def _silent(sandbox: Sandbox) -> bool:
    found = sandbox.client("cloudwatch").describe_alarms(AlarmNames=list(SERVICE.alarms))["MetricAlarms"]
    return all(alarm["StateValue"] == "OK" for alarm in found)
