"""The simulated world for tests: started once a module, healthy again after each test."""

import threading
from collections.abc import Iterator

import pytest

from sandbox.cloud import Sandbox
from sandbox.world import World


@pytest.fixture(scope="module")
def started_world() -> Iterator[World]:
    """A world that runs for all tests of a module; at its end nothing may have failed behind the tests' backs."""
    with Sandbox.start() as sandbox:
        yield sandbox.world
        assert sandbox.failures == []
    ours = {
        "ecs",
        "ecs-events",
        "targets",
        "metrics",
        "alarms",
        "telegram",
        "incidents",
        "proxy",
        "load-balancer",
        "agent-gateway",
        "certificates",
        "bot",
    }
    assert not ours & {thread.name for thread in threading.enumerate()}


@pytest.fixture
def world(started_world: World) -> Iterator[World]:
    """A healthy world, without history."""
    yield started_world
    started_world.heal()
