"""The steps' world serves here too: an incident table that first calls find something in."""

from tests.functions.workflow.conftest import answers, environment, package, packages, recorded, session, world

__all__ = ["answers", "environment", "package", "packages", "recorded", "session", "world"]
