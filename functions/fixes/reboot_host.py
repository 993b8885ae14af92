"""Reboots a host."""

import re

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fix import Changes, fix
from functions.core.hosts import OnHost
from functions.core.results import Change, Started

DOCUMENT = "do_reboot"
BOOTED = re.compile(r"^booted=(\S+)$", re.MULTILINE)


@fix(
    *hosts.permissions("look_booted", DOCUMENT, named=True),
    effect="Reboots {instance} within a minute",
    risk="high",
    radius="Everything on {instance} is away for some minutes; what is in memory and not written is lost",
)
def handler(parameters: OnHost, aws: Session) -> Changes:
    """Reboot a host, as the last resort. Source: Harena, Mémoire saturée, 4.

    There is no undo: what runs by itself after a start runs again.
    """
    said = hosts.run(aws, parameters.instance, "look_booted").output
    found = BOOTED.search(said)
    name = yield Change(before={"booted": found[1] if found else ""}, after={"booted": "again"})
    yield Started(command=hosts.start(aws, parameters.instance, DOCUMENT, name=name))


handler.following(hosts.follow)
