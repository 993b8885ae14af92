"""The parts of the running sandbox, for the patches of moto: moto's backends are global, and so is this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.access import Access
from sandbox.amplify import Amplify
from sandbox.background import Background
from sandbox.faults import Faults
from sandbox.http_api import HttpApis
from sandbox.lambda_pool import LambdaPool
from sandbox.mailbox import Mailbox
from sandbox.metrics import Metrics
from sandbox.trail import Trail

if TYPE_CHECKING:
    from sandbox.host.host import Host


@dataclass
class Context:
    """What the patches need; outside gives the variables that connect a process with the sandbox.

    `hosts` are the machines by instance id, filled by who builds a world: SSM knows them as its managed nodes.
    `emitted` are the metrics that functions print.
    """

    outside: Callable[[], Mapping[str, str]]
    access: Access = field(default_factory=Access)
    mailbox: Mailbox = field(default_factory=Mailbox)
    background: Background = field(default_factory=Background)
    trail: Trail = field(default_factory=Trail)
    faults: Faults = field(default_factory=Faults)
    amplify: Amplify = field(default_factory=Amplify)
    emitted: Metrics = field(default_factory=Metrics)
    unconfirmed: set[str] = field(default_factory=set)
    hosts: "dict[str, Host]" = field(default_factory=dict)
    lambdas: LambdaPool = field(init=False)
    apis: HttpApis = field(init=False)

    def __post_init__(self) -> None:
        """Build the parts that need others."""
        self.lambdas = LambdaPool(self.access, self.outside, self.faults)
        self.apis = HttpApis(self.lambdas, self.access.caller)

    def close(self) -> None:
        """Stop everything that runs."""
        self.background.close()
        self.apis.close()
        self.mailbox.close()
        self.lambdas.close()
        for host in self.hosts.values():
            host.close()


_current: list[Context] = []


def activate(context: Context) -> None:
    """Make it the running sandbox; raises RuntimeError where there is one already."""
    if _current:
        raise RuntimeError("A sandbox is running in this process already: moto's backends are global. Close it first.")
    _current.append(context)


def deactivate() -> None:
    """Forget the running sandbox."""
    _current.clear()


def current() -> Context:
    """Return the running sandbox; raises RuntimeError where there is none."""
    if not _current:
        raise RuntimeError("No sandbox is running: start one with Sandbox.start()")
    return _current[0]
