"""Removes what builds have kept on a host."""

from functions.core import disk, hosts
from functions.core.aws import Session
from functions.core.disk import OfDisk
from functions.core.fix import Changes, fix

DOCUMENT = "do_prune_build_cache"


@fix(
    *hosts.permissions("look_disk", DOCUMENT, named=True),
    effect="Removes what builds have kept on {instance}",
    risk="low",
    radius="The next build takes longer; nothing that runs notices it, and no volume is touched",
)
def handler(parameters: OfDisk, aws: Session) -> Changes:
    """Remove the build cache that is in no use. Source: Harena, Disque saturé.

    There is no undo: the next build makes it again.
    """
    yield from disk.remove(aws, parameters, "Build Cache", DOCUMENT)


handler.following(hosts.follow)
