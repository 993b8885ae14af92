"""Whether the payloads of the state machine grow with the world."""

import json
import uuid

from bench import incident
from bench.history import History
from bench.report import Report, compared, row, size
from sandbox.cloud import Sandbox
from sandbox.watch import follow

FEW, MANY = 2, 1000
LIMIT = 262_144
AIM = 1.05  # counts and ids differ in length


def measure(sandbox: Sandbox) -> Report:
    """Diagnose with few and with many targets in the target group."""
    few, many = (_largest(sandbox, count) for count in (FEW, MANY))
    rows = [row(f"largest payload, {MANY:,} targets", many, few, size, AIM)]
    notes = [
        "The largest input, output, parameters or variable of any state of a diagnosis; the targets answer nothing.",
        f"AWS refuses more than {LIMIT:,} B.",
    ]
    return Report("5. Size of the state", compared(f"{FEW} targets"), rows, notes)


def _largest(sandbox: Sandbox, count: int) -> int:
    targets = [{"Id": f"10.40.1.{n % 250 + 1}", "Port": 10_000 + n // 250} for n in range(count)]
    group, elb = sandbox.world.names.target_group, sandbox.client("elbv2")
    elb.register_targets(TargetGroupArn=group, Targets=targets)
    sandbox.world.wait_until(lambda: _unhealthy(sandbox) >= count, incident.SECONDS)
    try:
        return _diagnosed(sandbox).largest
    finally:
        elb.deregister_targets(TargetGroupArn=group, Targets=targets)
        incident.calm(sandbox)


def _unhealthy(sandbox: Sandbox) -> int:
    health = sandbox.client("elbv2").describe_target_health(TargetGroupArn=sandbox.world.names.target_group)
    return sum(one["TargetHealth"]["State"] == "unhealthy" for one in health["TargetHealthDescriptions"])


def _diagnosed(sandbox: Sandbox) -> History:
    started = sandbox.client("stepfunctions").start_execution(
        stateMachineArn=incident.MACHINE, name=f"bench-{uuid.uuid4()}", input=json.dumps({"mode": "diagnose"})
    )
    for _ in follow(sandbox, started["executionArn"]):
        pass
    return History.read(sandbox, started["executionArn"])
