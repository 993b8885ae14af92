"""Huntaze's account and app as a system: good in everything that its audit looks at, until an incident changes that."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox import incidents
from sandbox.huntaze import (
    backups,
    caches,
    containers,
    databases,
    edge,
    entrance,
    hosting,
    mail,
    messages,
    network,
    people,
    registry,
    watching,
)
from sandbox.huntaze.place import APP, PLACES, named
from sandbox.huntaze.undo import Undo
from sandbox.huntaze_site import HuntazeSite
from sandbox.metrics import Alarms
from sandbox.ticker import Ticker

SECONDS = 5.0


class Huntaze:
    """The system; `undo` knows the way back from everything that was broken, and `site` is the app itself."""

    def __init__(self) -> None:
        self.undo = Undo()
        self.site: HuntazeSite = HuntazeSite(named()["site"])
        self._alarms = Ticker("alarms", 0.1, Alarms(None, APP.aws("cloudwatch")).tick)
        self._broken: list[str] = []
        self._good: Any = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which processes reach the app."""
        return self.site.environment

    def build(self) -> None:
        """Make everything in both regions, and remember how it is."""
        people.build()
        hosting.build()
        edge.build()
        mail.build()
        for place in PLACES:
            made = network.build(place)
            containers.build(place, made, entrance.build(place, made))
            registry.build(place)
            backups.build(place)
            messages.build(place)
            watching.build(place)
            if place == APP:
                databases.build(made)
                caches.build(made)
        self._good = self._look()

    def start(self) -> None:
        """Let the app serve, and CloudWatch look at what the canary emits."""
        self.site.start()
        self._alarms.start()
        self.wait_until(self.healthy)

    def stop(self) -> None:
        """Stop both; the account ends with the sandbox."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.site.stop)
            stack.callback(self._alarms.stop)

    def break_(self, names: str, *, persistent: bool = False) -> None:  # noqa: ARG002  nothing repairs an account
        """Inject incidents by their names, several as "a+b", each once."""
        for name in names.split("+"):
            incident = incidents.find(name, "huntaze")
            if name not in self._broken:
                self._broken.append(name)
                incident.break_(self)

    def heal(self) -> None:
        """Take everything back that was broken."""
        self._broken.clear()
        self.undo.close()
        self.site.heal()
        self.wait_until(self.healthy)

    def healthy(self) -> bool:
        """Tell whether the account is as it was made, and the app says that all is well."""
        return bool(self._look() == self._good) and self.site.healthy()

    def wait_until(self, predicate: Callable[[], object], seconds: float = SECONDS) -> None:
        """Wait until the predicate holds; raises TimeoutError with what the system looks like."""
        deadline = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not within {seconds} s. Huntaze: {self.describe()}")
            time.sleep(0.05)

    def describe(self) -> str:
        """Return the state in one line: what is not as it was made."""
        now, app = self._look(), "answers" if self.site.healthy() else "does not say that all is well"
        other = [name for name, told in now.items() if told != self._good[name]]
        return f"broken: {self._broken}; not as made: {other}; the app {app}"

    def _look(self) -> dict[str, Any]:
        of_account = (people, hosting, edge, mail, databases, caches)
        of_places = (network, entrance, containers, registry, backups, messages, watching)
        told = {
            f"{of.__name__.rpartition('.')[2]} {place.region}": of.look(place) for of in of_places for place in PLACES
        }
        return told | {of.__name__.rpartition(".")[2]: of.look() for of in of_account}
