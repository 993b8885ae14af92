"""A service of any size, behind AWS's own pages and bounds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bench.crowd import Crowd
from bench.crowd_server import serving
from functions.core import reading
from functions.core.aws import Session
from functions.core.check import Check
from functions.core.results import Finding
from tests.pseudo import english, plain

LookAt = Callable[..., Finding]


@pytest.fixture
def look_at(pseudo: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookAt]:  # noqa: ARG001
    """Call a check where the service is a crowd: `look_at(crowd, handler, cluster=…)`."""
    monkeypatch.setattr(reading, "SECONDS", 60)  # however busy this machine is
    with ExitStack() as servers:

        def run(crowd: Crowd, handler: Check, **parameters: Any) -> Finding:
            for name, value in servers.enter_context(serving(crowd)).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setattr(handler, "session", Session())
            finding = Finding.model_validate(handler({"parameters": parameters}))
            english(finding.summary)
            return Finding.model_validate_json(plain(finding.model_dump_json()))

        yield run
