"""The runbook's own commands, typed by hand, see the broken world and the repaired one."""

import json

from sandbox.cloud import Sandbox
from sandbox.commands import CHECKS, VALIDATION
from sandbox.world import World
from tests.system.run import Watch
from tests.system.shell import typed


def _repair(watch: Watch) -> None:
    run = watch.next()
    run.decide("approve")
    assert run.end()["outcome"] == "recovered"


def test_commands_see_the_closed_port_and_the_repair(sandbox: Sandbox, world: World) -> None:
    watch = Watch(sandbox)
    world.break_("closed-port")
    world.wait_until(lambda: "Target.Timeout" in typed(sandbox, CHECKS["target group"]), 30)
    assert typed(sandbox, VALIDATION["health"]) in {"503", "504"}
    _repair(watch)
    assert typed(sandbox, VALIDATION["health"]) == "200"
    assert typed(sandbox, VALIDATION["webhook"]) == "405"
    assert "healthy" in typed(sandbox, VALIDATION["targets"]).split()


def test_commands_see_the_inactive_service_and_the_repair(sandbox: Sandbox, world: World) -> None:
    watch = Watch(sandbox)
    world.break_("inactive")
    assert json.loads(typed(sandbox, CHECKS["service"]))["status"] == "INACTIVE"
    _repair(watch)
    assert json.loads(typed(sandbox, CHECKS["service"])) == {
        "status": "ACTIVE",
        "desired": 1,
        "running": 1,
        "pending": 0,
    }


def test_commands_read_every_stopped_task(sandbox: Sandbox, world: World) -> None:
    world.break_("crash")
    world.wait_until(
        lambda: typed(sandbox, CHECKS["stopped tasks"]).count("Essential container in task exited") > 1, 60
    )
