"""Why the webhook answers 503 or 504."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import images
from sandbox.bot import BROKEN_RELEASE, LATE_RELEASE, RELEASE
from sandbox.incidents.incident import BREAKER_SECONDS, Incident, deploy, service, update, wait_for

if TYPE_CHECKING:
    from sandbox.world import World

MISSING_RELEASE = "0cc175b9c0f1b6a831c399e269772661eb6e1a2f"  # never pushed


def detached(world: World) -> None:
    """The service is no longer attached to its target group."""
    if service(world)["loadBalancers"]:
        update(world, loadBalancers=[])


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
    if service(world)["status"] != "ACTIVE":
        return
    names = world.names
    world.aws("ecs").delete_service(cluster=names.cluster, service=names.ecs_service, force=True)
    world.wait_until(lambda: service(world)["status"] == "INACTIVE", BREAKER_SECONDS)


def desired_zero(world: World) -> None:
    """The service was scaled to zero."""
    if service(world)["desiredCount"]:
        update(world, desiredCount=0)


def image_missing(world: World) -> None:
    """An image was deployed that had never been pushed; the circuit breaker gave up."""
    deploy(world, MISSING_RELEASE)
    wait_for(world, "FAILED")


def image_late(world: World) -> None:
    """An image was deployed before it had been pushed; the circuit breaker gave up; then the image arrived."""
    deploy(world, LATE_RELEASE)
    wait_for(world, "FAILED")
    world.builder.push(LATE_RELEASE)


def registry_unreachable(world: World) -> None:
    """No task can pull any image."""
    world.scheduler.registry_reachable = False


def crash(world: World) -> None:
    """A broken image was deployed: its container exits at start."""
    if images.newest(world.names.repository).commit != BROKEN_RELEASE:
        world.builder.push(BROKEN_RELEASE)
    deploy(world, BROKEN_RELEASE)


def missing_variable(world: World) -> None:
    """A revision of the task definition without the bot's token was deployed."""
    deploy(world, RELEASE, without="TELEGRAM_BOT_TOKEN")


def not_listening(world: World) -> None:
    """A revision of the task definition was deployed that lets the bot listen to itself only."""
    deploy(world, RELEASE, HOST="127.0.0.1")


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


INCIDENTS = (
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
    Incident("public-port-closed", "The load balancer's port 443 is closed", public_port_closed, unnoticed=True),
)
