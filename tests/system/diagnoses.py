"""Which incident is diagnosed as which cause by which runbook: printed by `make matrix`, and tested."""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from functions.core.diagnosis import Diagnosis
from sandbox.cloud import Sandbox
from sandbox.incidents import INCIDENTS
from sandbox.incidents.incident import service
from sandbox.world import World
from tests.system.run import SECONDS, SERVICE, Run

NO_HOST = f"{SERVICE.name}-unhealthy-hosts"


def break_(world: World, name: str, *, persistent: bool = False) -> None:
    """Break the world, and wait until that shows: not well, by an alarm or a deployment that ended."""
    world.break_(name, persistent=persistent)
    world.wait_until(lambda: not world.healthy() and _shows(world), SECONDS)


def _shows(world: World) -> bool:
    return NO_HOST in world.alarms.ringing() or all(
        one["rolloutState"] != "IN_PROGRESS" for one in service(world)["deployments"]
    )


def diagnosed(sandbox: Sandbox, runbook: str) -> Diagnosis:
    """Let a runbook look, and only look."""
    run = Run.by_hand(sandbox, {"mode": "diagnose"}, runbook=runbook)
    run.end()
    return run.diagnosis


def every_runbook(sandbox: Sandbox) -> dict[str, Diagnosis]:
    """Let all runbooks look at once, by name."""
    with ThreadPoolExecutor(len(SERVICE.runbooks)) as threads:
        return dict(zip(SERVICE.runbooks, threads.map(partial(diagnosed, sandbox), SERVICE.runbooks), strict=True))


def row(found: dict[str, Diagnosis]) -> dict[str, str]:
    """Write what each runbook says: the first cause with its standing, then the others that are not ruled out."""
    return {name: _told(diagnosis) for name, diagnosis in found.items()}


def _told(diagnosis: Diagnosis) -> str:
    if diagnosis.healthy:
        return "healthy"
    open_ = [cause for cause in diagnosis.causes if cause.standing != "ruled out"]
    told = [f"{cause.name}{' ?' if cause.standing == 'possible' else ''}" for cause in open_]
    out = len(diagnosis.causes) - len(open_)
    return f"{', '.join(told) or 'none'}; {out} ruled out"


def main() -> int:
    """Break the world in every way, and print what each runbook makes of it, as a table in Markdown."""
    names = list(SERVICE.runbooks)
    write = sys.stdout.write
    with Sandbox.start() as sandbox:
        sandbox.deploy(SERVICE.name)
        write(f"| incident | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}\n")
        for incident in INCIDENTS:
            break_(sandbox.world, incident)
            told = row(every_runbook(sandbox))
            write(f"| {incident} | {' | '.join(told[name] for name in names)} |\n")
            sys.stdout.flush()
            sandbox.world.heal()
    return 0


if __name__ == "__main__":
    sys.exit(main())
