"""Removes the images on a host that no container uses."""

from functions.core import disk, hosts
from functions.core.aws import Session
from functions.core.disk import OfDisk
from functions.core.fix import Changes, fix

DOCUMENT = "do_prune_images"


@fix(
    *hosts.permissions("look_disk", DOCUMENT, named=True),
    effect="Removes the images on {instance} that no container uses",
    risk="medium",
    radius="What runs does not notice it, and no volume is touched; to go back, a version has to be built again",
)
def handler(parameters: OfDisk, aws: Session) -> Changes:
    """Remove the images that no container uses, earlier versions too. Source: Harena, Disque saturé, 3.

    There is no undo: what is removed can be built or pulled again.
    """
    yield from disk.remove(aws, parameters, "Images", DOCUMENT)


handler.following(hosts.follow)
