"""Removes what builds have kept on a host."""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Folder
from functions.core.fix import Changes, fix
from functions.core.hosts import OnHost
from functions.core.output import objects, readable_size, size
from functions.core.results import Change

LOOKING, PRUNING = 9.0, 17.0  # seconds


class PruneBuildCache(OnHost):
    """The project's folder."""

    directory: Folder


@fix(
    *hosts.permissions("look_disk", "do_prune_build_cache"),
    effect="Removes what builds have kept on {instance}",
    risk="low",
    radius="The next build takes longer; nothing that runs notices it, and no volume is touched",
)
def handler(parameters: PruneBuildCache, aws: Session) -> Changes:
    """Remove the build cache that is in no use. Source: Harena, Disque saturé.

    There is no undo: the next build makes it again.
    """
    said = hosts.run(aws, parameters.instance, "look_disk", LOOKING, directory=parameters.directory).output
    kept = sum(size(one["Reclaimable"]) for one in objects(said) if one["Type"] == "Build Cache")
    yield Change(before={"build_cache": readable_size(kept)}, after={"build_cache": readable_size(0)})
    hosts.run(aws, parameters.instance, "do_prune_build_cache", PRUNING)
