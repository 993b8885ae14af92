"""What can be broken: each incident does through AWS's API what an operator or a bad deployment would have done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.bot import BROKEN_RELEASE, LATE_RELEASE, RELEASE

if TYPE_CHECKING:
    from sandbox.world import World

BREAKER_SECONDS = 20.0
MISSING_RELEASE = "0cc175b9c0f1b6a831c399e269772661eb6e1a2f"  # never pushed


@dataclass(frozen=True)
class Incident:
    """A cause: `break_` injects it, if it is not there; `fix` repairs it, None where a person must.

    `again`, if given, instead of `break_`, is what takes the fix's effect away in a persistent incident.
    """

    name: str
    title: str
    break_: Callable[[World], None]
    fix: str | None = None
    again: Callable[[World], None] | None = None


def find(name: str) -> Incident:
    """Return the incident of that name; raises ValueError with the names there are."""
    if name not in INCIDENTS:
        raise ValueError(f"There is no incident {name!r}. Choose one of: {', '.join(INCIDENTS)}")
    return INCIDENTS[name]


def detached(world: World) -> None:
    """The service is no longer attached to its target group."""
    if _service(world)["loadBalancers"]:
        _update(world, loadBalancers=[])


def wrong_health_path(world: World) -> None:
    """The health check asks for a path that the bot does not know."""
    _health_check(world, HealthCheckPath="/healthz")


def wrong_health_port(world: World) -> None:
    """The health check asks on a port where nothing listens and that no security group opens."""
    _health_check(world, HealthCheckPort="9000")


def closed_port(world: World) -> None:
    """The tasks' security group lets the load balancer in no more."""
    _close(world, world.names.task_security_group)


def public_port_closed(world: World) -> None:
    """The load balancer's security group lets the internet in no more."""
    _close(world, world.names.load_balancer_security_group)


def inactive(world: World) -> None:
    """The service was deleted."""
    if _service(world)["status"] != "ACTIVE":
        return
    names = world.names
    world.aws("ecs").delete_service(cluster=names.cluster, service=names.ecs_service, force=True)
    world.wait_until(lambda: _service(world)["status"] == "INACTIVE", BREAKER_SECONDS)


def desired_zero(world: World) -> None:
    """The service was scaled to zero."""
    if _service(world)["desiredCount"]:
        _update(world, desiredCount=0)


def image_missing(world: World) -> None:
    """An image was deployed that had never been pushed; the circuit breaker gave up."""
    _deploy(world, MISSING_RELEASE)
    world.wait_until(lambda: _service(world)["deployments"][0]["rolloutState"] == "FAILED", BREAKER_SECONDS)


def image_late(world: World) -> None:
    """An image was deployed before it had been pushed; the circuit breaker gave up; then the image arrived."""
    _deploy(world, LATE_RELEASE)
    world.wait_until(lambda: _service(world)["deployments"][0]["rolloutState"] == "FAILED", BREAKER_SECONDS)
    world.builder.push(LATE_RELEASE)


def registry_unreachable(world: World) -> None:
    """No task can pull any image."""
    world.scheduler.registry_reachable = False


def crash(world: World) -> None:
    """A broken image was deployed: its container exits at start."""
    _deploy(world, BROKEN_RELEASE)


def missing_variable(world: World) -> None:
    """A revision of the task definition without the bot's token was deployed."""
    _deploy(world, RELEASE, without="TELEGRAM_BOT_TOKEN")


def not_listening(world: World) -> None:
    """A revision of the task definition was deployed that lets the bot listen to itself only."""
    _deploy(world, RELEASE, HOST="127.0.0.1")


def _service(world: World) -> dict[str, Any]:
    names = world.names
    services = world.aws("ecs").describe_services(cluster=names.cluster, services=[names.ecs_service])["services"]
    return dict(services[0])


def _update(world: World, **changes: object) -> None:
    world.aws("ecs").update_service(cluster=world.names.cluster, service=world.names.ecs_service, **changes)


def _health_check(world: World, **changes: str) -> None:
    arn, elbv2 = world.names.target_group, world.aws("elbv2")
    group = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    if any(group[name] != value for name, value in changes.items()):
        elbv2.modify_target_group(TargetGroupArn=arn, **changes)


def _close(world: World, group: str) -> None:
    ec2 = world.aws("ec2")
    permissions = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    if permissions:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=permissions)


def _deploy(world: World, tag: str, without: str = "", **variables: str) -> None:
    current = world.aws("ecs").describe_task_definition(taskDefinition=_service(world)["taskDefinition"])
    container = current["taskDefinition"]["containerDefinitions"][0]
    names = {variable["name"] for variable in container["environment"]}
    there = container["image"] == world.builder.image(tag) and without not in names and set(variables) <= names
    if not there:
        _update(world, taskDefinition=world.builder.register(tag, without, **variables))


_ALL = (
    Incident("detached", "The service is detached from its target group", detached, "attach_target_group"),
    Incident("wrong-health-path", "The health check asks for /healthz", wrong_health_path, "correct_health_check"),
    Incident("wrong-health-port", "The health check asks on port 9000", wrong_health_port, "correct_health_check"),
    Incident("closed-port", "The tasks' security group closed port 8000", closed_port, "open_security_group_port"),
    Incident("inactive", "The service was deleted", inactive, "recreate_ecs_service"),
    Incident("desired-zero", "The service was scaled to zero", desired_zero, "restore_desired_count"),
    Incident(
        "image-late", "The image arrived after its deployment", image_late, "force_new_deployment", registry_unreachable
    ),
    Incident("image-missing", "The image was never pushed", image_missing),
    Incident("crash", "The container exits at start", crash),
    Incident("missing-variable", "TELEGRAM_BOT_TOKEN is not set", missing_variable),
    Incident("not-listening", "The container listens on 127.0.0.1 only", not_listening),
    Incident("public-port-closed", "The load balancer's port 443 is closed", public_port_closed),
)
INCIDENTS = {incident.name: incident for incident in _ALL}
