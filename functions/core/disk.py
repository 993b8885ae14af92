"""What takes a host's disk, and can be removed by a document that takes long."""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Folder
from functions.core.fix import Changes
from functions.core.hosts import OnHost
from functions.core.output import objects, readable_size, size
from functions.core.results import Change, Started

LOOKING = 12.0  # seconds


class OfDisk(OnHost):
    """A host, and the folder of its project."""

    directory: Folder


def remove(aws: Session, of: OfDisk, kind: str, document: str) -> Changes:
    """Have what docker keeps of a kind, and nobody uses, removed by a document; nothing happens where that is nothing.

    Args:
        aws: the session.
        of: the host.
        kind: as `docker system df` calls it.
        document: what removes it.
    """
    said = hosts.run(aws, of.instance, "look_disk", LOOKING, directory=of.directory).output
    unused = sum(size(one["Reclaimable"]) for one in objects(said) if one["Type"] == kind)
    name = yield Change(before={"unused": readable_size(unused)}, after={"unused": readable_size(0)})
    yield Started(command=hosts.start(aws, of.instance, document, name=name))
