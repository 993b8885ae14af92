"""Empties the large logs of containers on a host."""

import re
from typing import Annotated

from pydantic import Field

from functions.core import hosts
from functions.core.aws import Session
from functions.core.disk import LOOKING, OfDisk
from functions.core.fix import Changes, fix
from functions.core.output import readable_size
from functions.core.results import Change, Started

DOCUMENT = "do_truncate_logs"
FOLDER = re.compile(r"^(\d+)\t/var/lib/docker/containers$", re.MULTILINE)


class TruncateLogs(OfDisk):
    """From how many megabytes on a container's log is emptied."""

    megabytes: Annotated[int, Field(ge=1, le=99_999)]


@fix(
    *hosts.permissions("look_disk", DOCUMENT, named=True),
    effect="Empties the logs of containers on {instance} that are larger than {megabytes} MB",
    risk="medium",
    radius="What runs does not notice it; what these logs said is lost",
)
def handler(parameters: TruncateLogs, aws: Session) -> Changes:
    """Empty large logs, as the document's own command for it does not. Source: Harena, Disque saturé, 2.

    There is no undo: what was in them is gone.
    """
    said = hosts.run(aws, parameters.instance, "look_disk", LOOKING, directory=parameters.directory).output
    found = FOLDER.search(said)
    size = readable_size(int(found[1])) if found else ""
    name = yield Change(before={"logs": size}, after={"logs": "emptied"})
    given = {"megabytes": str(parameters.megabytes)}
    yield Started(command=hosts.start(aws, parameters.instance, DOCUMENT, name=name, **given))


handler.following(hosts.follow)
