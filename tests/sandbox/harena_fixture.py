"""Harena on its host for tests: built once a module, healthy again after each test."""

from collections.abc import Iterator

import pytest

from sandbox.harena import INSTANCE, Harena
from sandbox.host.host import Host


@pytest.fixture(scope="module")
def started_harena() -> Iterator[Harena]:
    """The system, running; at its end nothing may have failed behind the back of a command."""
    host = Host(INSTANCE)
    try:
        built = Harena(host)
        built.build()
        yield built
    finally:
        host.close()


@pytest.fixture
def harena(started_harena: Harena) -> Iterator[Harena]:
    """The healthy system."""
    yield started_harena
    started_harena.heal()
