"""One service of a compose project on a host, and since when its containers run."""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.fields import Commit, ComposeService
from functions.core.fix import Changes
from functions.core.hosts import OfCompose
from functions.core.language import say
from functions.core.output import pairs
from functions.core.results import Change, Started

LOOKING = 4.0  # seconds
AGAIN = "again"


class OfService(OfCompose):
    """A service of a compose project, as its file calls it."""

    service: ComposeService

    @property
    def given(self) -> dict[str, str]:
        """What its documents take."""
        return {"directory": self.directory, "file": self.file, "service": self.service}


class ToBuild(OfService):
    """Such a service, and the commit that lies there and is built; its documents build no other one."""

    commit: Commit


def started(aws: Session, of: OfService) -> tuple[str, bool]:
    """Say since when its containers run, and whether their health is not known yet; empty where it has none."""
    told = list(pairs(hosts.run(aws, of.instance, "look_started", LOOKING, **of.given).output))
    return ", ".join(value for name, value in told if name == "started"), ("health", "starting") in told


def known(aws: Session, of: OfService) -> tuple[str, bool]:
    """Say the same of a service that has a container.

    Raises:
        NotFound: where it has none.
    """
    found = started(aws, of)
    if not found[0]:
        raise NotFound(say("there is no container of the service {service}", service=of.service), aws)
    return found


def replace(aws: Session, of: ToBuild, document: str) -> Changes:
    """Have it built, and its containers replaced, by a document; those it has now, which may also be gone."""
    name = yield Change(before={"started": started(aws, of)[0]}, after={"started": AGAIN})
    yield Started(command=hosts.start(aws, of.instance, document, name=name, commit=of.commit, **of.given))
