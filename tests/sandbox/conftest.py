"""A sandbox without a simulated system, in which the small system of `system.yaml` is deployed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cloud import Sandbox

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Deploy the system once for a module; at its end nothing may have failed behind the tests' backs."""
    with Sandbox(unconfirmed=["late@example.com"]) as started:
        started.client("cloudformation").create_stack(
            StackName="system",
            TemplateBody=(HERE / "system.yaml").read_text(),
            Parameters=[{"ParameterKey": "Code", "ParameterValue": (HERE / "system_functions.py").read_text()}],
        )
        yield started
        assert started.unsimulated == []
        assert started.failures == []
