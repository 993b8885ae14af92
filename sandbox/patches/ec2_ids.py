"""moto invents the ids of EC2 resources; a service file names them: let the next resource have a given id."""

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType

from moto.ec2.models import security_groups, subnets

from sandbox.patches.replaced import replace

_FORCED: dict[str, str] = {}


def _generator(module: ModuleType, name: str, prefix: str) -> Callable[[], str]:
    return lambda: _FORCED.pop(prefix, None) or str(replace.original(module, name)())


def install() -> None:
    """Make the generators of security group and subnet ids ask for a forced id first."""
    modules: list[tuple[ModuleType, str, str]] = [
        (security_groups, "random_security_group_id", "sg"),
        (subnets, "random_subnet_id", "subnet"),
    ]
    for module, name, prefix in modules:
        replace(module, name, _generator(module, name, prefix))


@contextlib.contextmanager
def next_id(identifier: str) -> Iterator[None]:
    """Within the block, the next resource of the id's kind gets exactly this id."""
    prefix = identifier.split("-", 1)[0]
    _FORCED[prefix] = identifier
    try:
        yield
    finally:
        if _FORCED.pop(prefix, None):
            raise ValueError(f"nothing took the id {identifier}: call the API that creates it inside the block")
