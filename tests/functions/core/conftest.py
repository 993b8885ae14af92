"""The steps' world serves here too: an empty incident table, and the way to an approved plan."""

from tests.functions.workflow.conftest import (
    answers,
    environment,
    package,
    recorded,
    requests,
    rules,
    session,
    trail,
    world,
)

__all__ = ["answers", "environment", "package", "recorded", "requests", "rules", "session", "trail", "world"]
