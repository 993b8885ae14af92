"""What all tests share: AWS as moto simulates it, and the record of the IAM actions that functions call."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from moto import mock_aws
from xdist.scheduler import LoadFileScheduling

from functions.core import language
from functions.core.aws import Session
from messages import files
from tests.actions import Actions

REGION = "me-central-1"
# a thousand machine images that nobody asks for take longer than the test
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
# the same examples on every machine and every run; one that fails is told as it is, as making it smaller takes minutes
FOUND = (Phase.explicit, Phase.generate)
settings.register_profile("tests", derandomize=True, database=None, deadline=None, max_examples=100, phases=FOUND)
settings.load_profile("tests")

LAST = Path(__file__).with_name("test_permissions.py")


@pytest.fixture(scope="session", autouse=True)
def locales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The languages as functions find them, and none of them chosen by whoever runs the tests."""
    folder = tmp_path_factory.mktemp("locales")
    files.compile_into(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "LOCALES", folder)
        patch.delenv("SERVICE_LANGUAGE", raising=False)
        yield


@pytest.fixture(scope="session")
def actions() -> Actions:
    """The record of this run."""
    return Actions()


@pytest.fixture(scope="session")
def recorded(actions: Actions) -> Session:
    """The functions' session; its clients are made once, because that is what takes time."""
    session = Session()
    actions.watch(session)
    return session


@pytest.fixture(scope="session")
def operators() -> Session:
    """The session by which tests build and break what functions look at."""
    return Session()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty account."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def aws(account: None, recorded: Session) -> Session:  # noqa: ARG001  a client must not be made outside of moto
    """The functions' session, on an empty account."""
    return recorded


@pytest.fixture
def operator(account: None, operators: Session) -> Session:  # noqa: ARG001  as above
    """The tests' own session, on the same account."""
    return operators


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the permission test last: it judges what the other tests have recorded."""
    items.sort(key=lambda item: item.path == LAST)


class Together(LoadFileScheduling):  # type: ignore[misc]  # it has no types
    """Keeps a file's tests in one process, and with the permission test those whose calls it judges."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "functions" if file.startswith(("tests/functions/", "tests/test_permissions.py")) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Share the tests among processes."""
    return Together(config, log)
