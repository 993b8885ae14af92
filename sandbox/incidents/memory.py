"""Why tasks run out of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import images
from sandbox.bot import HUNGRY_RELEASE
from sandbox.incidents.incident import Incident, deploy

if TYPE_CHECKING:
    from sandbox.world import World

RUNBOOK = "tasks_out_of_memory"


def out_of_memory(world: World) -> None:
    """A release was deployed that needs more memory than its task has: the kernel kills it."""
    if images.newest(world.names.repository).commit != HUNGRY_RELEASE:
        world.builder.push(HUNGRY_RELEASE)
    deploy(world, HUNGRY_RELEASE)


INCIDENTS = (
    Incident("out-of-memory", "A release needs more memory than its task has", out_of_memory, runbook=RUNBOOK),
)
