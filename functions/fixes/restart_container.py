"""Restarts a service of a compose project."""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.compose_service import AGAIN, OfService, known
from functions.core.fix import Changes, fix
from functions.core.results import Change

RESTARTING = 17.0  # seconds; docker kills after 10 what does not stop by itself, and all has to fit in 30


@fix(
    *hosts.permissions("look_started", "do_restart"),
    effect="Restarts the service {service} on {instance}",
    risk="low",
    radius="Who uses {service} waits for some seconds; every other service goes on",
)
def handler(parameters: OfService, aws: Session) -> Changes:
    """Restart a service, unless it is starting already. Source: Harena, Service down ou unhealthy, 3.

    There is no undo: what was restarted differs in nothing but its time from what it was.
    """
    before, starting = known(aws, parameters)
    yield Change(before={"started": before}, after={"started": before if starting else AGAIN})
    hosts.run(aws, parameters.instance, "do_restart", RESTARTING, **parameters.given)
    yield Change(before={"started": before}, after={"started": known(aws, parameters)[0]})
