"""The real template, deployed once by the real CDK CLI into a sandbox that all tests here share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from sandbox.cloud import Sandbox
from sandbox.deployed import let_hours_pass
from sandbox.harena import Harena
from sandbox.systems import DEFAULT
from sandbox.world import World
from statemachines.model import Service
from tests.system import strict_app
from tests.system.people import People, proven
from tests.system.run import SECONDS, SERVICE, Run, stop_executions

ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs a sandbox of its own last: then no stack is deployed a second time after it."""
    items.sort(key=lambda item: isinstance(item, pytest.Function) and "sandbox" in _parameters(item))


@pytest.fixture(scope="package")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox with a service's stack deployed; at the end nothing was denied, and nothing failed unseen.

    The service is ganopa-bot, unless a file is about one in another region, where no sandbox can be at the same time:
    `pytestmark = pytest.mark.parametrize("sandbox", [its name], indirect=True)`.
    """
    service = getattr(request, "param", DEFAULT)
    with Sandbox.start(service=service) as started:
        started.deploy(service)
        yield started
        assert (started.denied, started.unsimulated, started.failures) == ([], [], [])


@pytest.fixture(scope="package")
def strict(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The same system under stricter rules, deployed beside ganopa-bot's own."""
    folder = tmp_path_factory.mktemp("strict")
    app = f"PYTHONPATH={ROOT} python -m tests.system.strict_app"
    settings = json.loads((ROOT / "cdk.json").read_text()) | {"app": app, "output": str(folder / "cdk.out")}
    (folder / "cdk.json").write_text(json.dumps(settings))
    sandbox.deploy("strict-bot", directory=folder)
    return strict_app.strict()


@pytest.fixture(scope="package")
def people(sandbox: Sandbox) -> People:
    """Whoever has an IAM user."""
    return People(sandbox)


@pytest.fixture
def begin(world: World, strict: Service, people: People) -> Callable[[str], Run]:
    """Break the world and let Lina start the stricter service's runbook by hand, until CloudTrail knows that."""

    def start(name: str) -> Run:
        world.break_(name)
        world.wait_until(lambda: not world.healthy(), SECONDS)
        run = people("lina").start(strict)
        run.asked()
        proven(run)
        return run

    return start


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    """The healthy service, with no incident open and no alarm raised; healed afterwards."""
    let_hours_pass(sandbox, SERVICE.name)
    sandbox.world.heal()
    sandbox.world.wait_until(lambda: _silent(sandbox) and sandbox.idle and not stop_executions(sandbox), 30)
    yield sandbox.world
    stop_executions(sandbox)
    sandbox.world.heal()


@pytest.fixture(scope="package")
def deployed_harena(sandbox: Sandbox) -> Harena:
    """Harena on its host, with its stack deployed beside ganopa-bot's."""
    system = sandbox.add("harena")
    sandbox.deploy("harena")
    return cast("Harena", system)


@pytest.fixture
def harena(sandbox: Sandbox, deployed_harena: Harena) -> Iterator[Harena]:
    """Harena, all well, with no incident open and none repaired lately."""
    let_hours_pass(sandbox, "harena")
    deployed_harena.heal()
    yield deployed_harena
    deployed_harena.wait_until(lambda: not stop_executions(sandbox))


def _silent(sandbox: Sandbox) -> bool:
    found = sandbox.client("cloudwatch").describe_alarms(AlarmNames=list(SERVICE.alarms))["MetricAlarms"]
    return all(alarm["StateValue"] == "OK" for alarm in found)


def _parameters(item: pytest.Function) -> set[str]:
    return set(item.callspec.params) if hasattr(item, "callspec") else set()
