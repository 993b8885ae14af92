"""The systems under care that the sandbox simulates, by the names of their services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ruamel.yaml import YAML

from sandbox.account import REGION

if TYPE_CHECKING:
    from sandbox.untyped import Client

DEFAULT = "ganopa-bot"
SERVICES = Path(__file__).parents[1] / "services"


class Clients(Protocol):
    """What a system needs of the sandbox: boto3 clients."""

    def client(self, service: str) -> Client:
        """Return a boto3 client for a service."""


class System(Protocol):
    """One system: `build` it, `start` it, `break_` it, `heal` it; `stop` ends it, however far it had come."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process must have in its environment to reach it from outside."""

    def build(self) -> None:
        """Make it as it is declared."""

    def start(self) -> None:
        """Let it run, and wait until all is well."""

    def stop(self) -> None:
        """Stop everything."""

    def break_(self, names: str, *, persistent: bool = False) -> None:
        """Inject incidents, several as "a+b"; of a persistent one no fix has an effect."""

    def heal(self) -> None:
        """Be again as declared, without history; wait until all is well."""

    def healthy(self) -> bool:
        """Tell whether all is well."""

    def wait_until(self, predicate: Callable[[], object], seconds: float) -> None:
        """Wait until the predicate holds; raises TimeoutError with what the system looks like."""

    def describe(self) -> str:
        """Return its state in one line."""


def region_of(service: str) -> str:
    """Return the region that a service's file names; the sandbox's own where it has no file."""
    files = (YAML(typ="safe").load(path) for path in sorted(SERVICES.glob("*.yaml")))
    return next((str(file["region"]) for file in files if file["name"] == service), REGION)


def make(service: str, sandbox: Clients) -> System:
    """Make the system of a service, of which nothing runs yet; raises ValueError with the services that have one."""
    makers: dict[str, Callable[[Clients], System]] = {"ganopa-bot": _ganopa, "harena": _harena, "huntaze": _huntaze}
    if service not in makers:
        raise ValueError(f"The sandbox has no system of the service {service!r}. Choose one of: {', '.join(makers)}")
    return makers[service](sandbox)


def _ganopa(sandbox: Clients) -> System:
    from sandbox.world import World

    return World(sandbox)


def _harena(_: Clients) -> System:
    from sandbox.harena import INSTANCE, Harena
    from sandbox.host.host import Host

    return Harena(Host(INSTANCE))


def _huntaze(_: Clients) -> System:
    from sandbox.huntaze import Huntaze

    return Huntaze()
