"""One thing that can be broken, and the hands that break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from sandbox.world import World

BREAKER_SECONDS = 20.0
S = TypeVar("S")  # the system that it breaks


@dataclass(frozen=True)
class Incident(Generic[S]):
    """A cause: `break_` injects it, if it is not there; `fix` repairs it, None where a person must.

    `runbook` is the one that knows it; where none of its alarms rings, it is `unnoticed` until somebody starts it.
    `again`, if given, instead of `break_`, is what takes the fix's effect away in a persistent incident.
    """

    name: str
    title: str
    break_: Callable[[S], None]
    fix: str | None = None
    again: Callable[[S], None] | None = None
    runbook: str = "webhook_unavailable"
    unnoticed: bool = False


def service(world: World) -> dict[str, Any]:
    """Return what DescribeServices says."""
    names = world.names
    services = world.aws("ecs").describe_services(cluster=names.cluster, services=[names.ecs_service])["services"]
    return dict(services[0])


def definition(world: World) -> dict[str, Any]:
    """Return the revision of the task definition that the service uses."""
    found = world.aws("ecs").describe_task_definition(taskDefinition=service(world)["taskDefinition"])
    return dict(found["taskDefinition"])


def update(world: World, **changes: object) -> None:
    """Update the service."""
    world.aws("ecs").update_service(cluster=world.names.cluster, service=world.names.ecs_service, **changes)


def deploy(world: World, tag: str, without: str = "", **variables: str) -> None:
    """Register a revision with an image, without a variable or with more of them, and move the service to it."""
    container = definition(world)["containerDefinitions"][0]
    named = {one["name"] for one in [*container["environment"], *container.get("secrets", [])]}
    there = container["image"] == world.builder.image(tag) and without not in named and set(variables) <= named
    if not there:
        update(world, taskDefinition=world.builder.register(tag, without, **variables))


def wait_for(world: World, state: str) -> None:
    """Wait for a state of the rollout."""
    world.wait_until(lambda: service(world)["deployments"][0]["rolloutState"] == state, BREAKER_SECONDS)
