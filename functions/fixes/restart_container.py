"""Restarts a service of a compose project."""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.fields import ComposeService
from functions.core.fix import Changes, fix
from functions.core.hosts import OfCompose
from functions.core.language import say
from functions.core.output import pairs
from functions.core.results import Change

LOOKING, RESTARTING = 4.0, 17.0  # seconds; docker kills after 10 what does not stop by itself, and all has to fit in 30
AGAIN = "again"


class RestartContainer(OfCompose):
    """The service to restart, as the compose file calls it."""

    service: ComposeService


@fix(
    *hosts.permissions("look_started", "do_restart"),
    effect="Restarts the service {service} on {instance}",
    risk="low",
    radius="Who uses {service} waits for some seconds; every other service goes on",
)
def handler(parameters: RestartContainer, aws: Session) -> Changes:
    """Restart a service, unless it is starting already. Source: Harena, Service down ou unhealthy, 3.

    There is no undo: what was restarted differs in nothing but its time from what it was.
    """
    before, starting = _started(parameters, aws)
    yield Change(before={"started": before}, after={"started": before if starting else AGAIN})
    hosts.run(aws, parameters.instance, "do_restart", RESTARTING, **_of(parameters))
    yield Change(before={"started": before}, after={"started": _started(parameters, aws)[0]})


def _started(parameters: RestartContainer, aws: Session) -> tuple[str, bool]:
    """Say since when its containers run, and whether their health is not known yet."""
    told = list(pairs(hosts.run(aws, parameters.instance, "look_started", LOOKING, **_of(parameters)).output))
    started = ", ".join(value for name, value in told if name == "started")
    if not started:
        raise NotFound(say("there is no container of the service {service}", service=parameters.service), aws)
    return started, ("health", "starting") in told


def _of(parameters: RestartContainer) -> dict[str, str]:
    return {"directory": parameters.directory, "file": parameters.file, "service": parameters.service}
