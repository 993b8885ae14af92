"""A host for scripts."""

from pathlib import Path

import pytest

from tests.documents.documents import Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host on which nothing has run yet."""
    return Host(tmp_path)
