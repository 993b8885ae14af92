"""Why the deployed version is not the newest one although its deployment was green."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import images
from sandbox.bot import FORMER_RELEASE, NEXT_RELEASE, RELEASE
from sandbox.declared import CONFIGURATION
from sandbox.incidents.availability import registry_unreachable
from sandbox.incidents.incident import BREAKER_SECONDS, Incident, definition, deploy, service, update, wait_for

if TYPE_CHECKING:
    from sandbox.world import World

RUNBOOK = "version_unchanged"
MOVING_TAG = "latest"
BREAKER = {**CONFIGURATION, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def image_tag_wrong(world: World) -> None:
    """A release was pushed, but the revision that was deployed for it names an older tag."""
    _push(world)
    deploy(world, FORMER_RELEASE)


def definition_not_updated(world: World) -> None:
    """A release was pushed; no revision of the task definition names it."""
    _push(world)
    deploy(world, RELEASE)


def old_revision(world: World) -> None:
    """A release was pushed and a revision names it, but the service uses the one before."""
    if _push(world):
        world.builder.register(NEXT_RELEASE)
    _stay(world)


def not_redeployed(world: World) -> None:
    """The service follows a tag that moves; it was moved to a new release, the tasks still run the old one."""
    world.builder.push(RELEASE, MOVING_TAG)
    deploy(world, MOVING_TAG)
    wait_for(world, "COMPLETED")
    world.builder.push(NEXT_RELEASE, MOVING_TAG)


def rolled_back(world: World) -> None:
    """A release was deployed before its image had been pushed; the circuit breaker rolled back; then it arrived."""
    update(world, deploymentConfiguration=BREAKER, taskDefinition=world.builder.register(NEXT_RELEASE))
    world.wait_until(lambda: _image(world) == world.builder.image(RELEASE), BREAKER_SECONDS)
    wait_for(world, "COMPLETED")
    _push(world)


def _stay(world: World) -> None:
    """Let the service use the revision that it was created with."""
    if service(world)["taskDefinition"] != world.first_revision:
        update(world, taskDefinition=world.first_revision)


def _image(world: World) -> str:
    return str(definition(world)["containerDefinitions"][0]["image"])


def _push(world: World) -> bool:
    """Push the next release, once."""
    missing = images.find(world.builder.image(NEXT_RELEASE)) is None
    if missing:
        world.builder.push(NEXT_RELEASE)
    return missing


INCIDENTS = (
    Incident(
        "image-tag-wrong",
        "The deployed revision names an older image",
        image_tag_wrong,
        "deploy_image",
        runbook=RUNBOOK,
    ),
    Incident(
        "definition-not-updated",
        "No revision names the image that was pushed",
        definition_not_updated,
        "deploy_image",
        runbook=RUNBOOK,
    ),
    Incident("old-revision", "The service uses an older revision", old_revision, "move_to_revision", runbook=RUNBOOK),
    Incident(
        "not-redeployed",
        "The tag was moved, the tasks were not replaced",
        not_redeployed,
        "force_new_deployment",
        registry_unreachable,
        RUNBOOK,
    ),
    Incident("rolled-back", "The circuit breaker rolled back", rolled_back, "move_to_revision", _stay, RUNBOOK),
)
