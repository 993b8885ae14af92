"""Each incident breaks the world visibly, and is repaired by what an engineer would do, and only by that."""

import time
from collections.abc import Callable

import pytest

from sandbox.bot import RELEASE
from sandbox.incidents import INCIDENTS
from sandbox.world import World
from tests.sandbox.looking import health, logged, rollout, service, tasks, update

pytest_plugins = ["tests.sandbox.world_fixture"]

WATCHED_SECONDS = 0.6
DOWN_SECONDS = 10.0
RECOVERY_SECONDS = 15.0


def open_port(world: World, group: str) -> None:
    """Authorize the declared ingress."""
    permission = world.builder.rules()[group]
    world.aws("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def modify(world: World, **changes: str) -> None:
    """Modify the target group's health check."""
    world.aws("elbv2").modify_target_group(TargetGroupArn=world.names.target_group, **changes)


def unhealthy(world: World, reason: str) -> bool:
    """Tell whether the only target fails for this reason."""
    return [(state["State"], state.get("Reason")) for state in health(world)] == [("unhealthy", reason)]


def exited(world: World, text: str) -> bool:
    """Tell whether tasks stopped with exit code 1 and the log says why."""
    codes = {(task["stopCode"], task["containers"][0].get("exitCode")) for task in tasks(world, "STOPPED")}
    reasons = {task["stoppedReason"] for task in tasks(world, "STOPPED")}
    because = ("EssentialContainerExited", 1) in codes and "Essential container in task exited" in reasons
    return rollout(world) == "FAILED" and because and text in logged(world)


def not_pulled(world: World) -> bool:
    """Tell whether tasks stopped because the image is not there."""
    reasons = [task["stoppedReason"] for task in tasks(world, "STOPPED") if task["stopCode"] == "TaskFailedToStart"]
    return (
        rollout(world) == "FAILED"
        and len(reasons) == 3
        and all(
            reason.startswith(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve"
            )
            and reason.endswith(": not found")
            for reason in reasons
        )
    )


Shows = Callable[[World], bool]
Repair = Callable[[World], object]


def roll_back(world: World) -> None:
    """Deploy the first revision of the task definition again."""
    update(world, taskDefinition=f"{world.names.task_definition}:1")


TABLE: dict[str, tuple[Shows, Repair]] = {
    "detached": (
        lambda world: service(world)["loadBalancers"] == [] and health(world) == [],
        lambda world: update(world, loadBalancers=world.builder.attachment()),
    ),
    "wrong-health-path": (
        lambda world: unhealthy(world, "Target.ResponseCodeMismatch"),
        lambda world: modify(world, HealthCheckPath="/health"),
    ),
    "wrong-health-port": (
        lambda world: unhealthy(world, "Target.Timeout"),
        lambda world: modify(world, HealthCheckPort="traffic-port"),
    ),
    "closed-port": (
        lambda world: unhealthy(world, "Target.Timeout"),
        lambda world: open_port(world, world.names.task_security_group),
    ),
    "inactive": (
        lambda world: service(world)["status"] == "INACTIVE" and service(world)["deployments"] == [],
        lambda world: world.builder.create_service(),
    ),
    "desired-zero": (
        lambda world: (service(world)["desiredCount"], service(world)["runningCount"], health(world)) == (0, 0, []),
        lambda world: update(world, desiredCount=1),
    ),
    "image-late": (not_pulled, lambda world: update(world, forceNewDeployment=True)),
    "image-missing": (not_pulled, roll_back),
    "crash": (lambda world: exited(world, "ModuleNotFoundError: No module named 'openai'"), roll_back),
    "missing-variable": (lambda world: exited(world, "KeyError: 'TELEGRAM_BOT_TOKEN'"), roll_back),
    "not-listening": (lambda world: unhealthy(world, "Target.FailedHealthChecks"), roll_back),
    "public-port-closed": (
        lambda world: [state["State"] for state in health(world)] == ["healthy"] and world.telegram.status is None,
        lambda world: open_port(world, world.names.load_balancer_security_group),
    ),
}


def test_table_covers_every_incident() -> None:
    """No incident without its proof."""
    assert set(TABLE) == {name for name, incident in INCIDENTS.items() if incident.runbook == "webhook_unavailable"}


@pytest.mark.parametrize("name", TABLE)
def test_incident(world: World, name: str) -> None:
    """Broken, visible through the API, broken until repaired, then healthy."""
    shows, repair = TABLE[name]
    world.break_(name)
    world.wait_until(lambda: world.telegram.status != 200 and shows(world), DOWN_SECONDS)
    assert world.telegram.status in ({None} if name == "public-port-closed" else {503, 504})
    time.sleep(WATCHED_SECONDS)
    assert shows(world), world.describe()
    assert not world.healthy()
    repair(world)
    world.wait_until(lambda: _serves(world), RECOVERY_SECONDS)


def test_two_incidents_need_both_repairs(world: World) -> None:
    """One repair of two is not enough."""
    world.break_("desired-zero+closed-port")
    world.wait_until(lambda: world.telegram.status == 503, DOWN_SECONDS)
    TABLE["desired-zero"][1](world)
    world.wait_until(lambda: unhealthy(world, "Target.Timeout"), DOWN_SECONDS)
    assert not world.healthy()
    TABLE["closed-port"][1](world)
    world.wait_until(lambda: _serves(world), RECOVERY_SECONDS)


@pytest.mark.parametrize("name", [name for name in TABLE if INCIDENTS[name].fix])
def test_persistent_incident_takes_the_repair_away(world: World, name: str) -> None:
    """With its effect disabled, a repair changes nothing."""
    world.break_(name, persistent=True)
    world.wait_until(lambda: world.telegram.status == 503, DOWN_SECONDS)
    TABLE[name][1](world)
    deadline = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < deadline:
        assert not world.healthy(), world.describe()
        time.sleep(0.05)


def test_unknown_incident_names_the_known_ones(started_world: World) -> None:
    """A typo is answered with the names."""
    with pytest.raises(ValueError, match=r"no incident 'closed-prot' of ganopa-bot. Choose one of: detached, "):
        started_world.break_("closed-prot")


def _serves(world: World) -> bool:
    update_status, _ = world.client.request("POST", world.names.webhook_url, b"{}")
    _, meta = world.client.request("GET", f"https://{world.host}/_meta")
    return update_status == 200 and world.telegram.status == 200 and (RELEASE.encode() in meta or b"version" in meta)
