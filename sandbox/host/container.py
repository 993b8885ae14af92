"""One container: its process, its health as its probes find it, its log file, and what its restart policy does."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.host.images import Image
from sandbox.host.process import Exited, Process, get
from sandbox.speed import sandbox_seconds

KILLED = 137
TERMINATED = 143
PROBE_SECONDS = 1.0  # on this machine: a scaled one would fail on a busy machine
_BACKOFF_SECONDS = 5.0  # on AWS, between the restarts of what keeps exiting
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "ms": 0.001}


@dataclass
class Container:
    """A container; `by_hand` says that somebody stopped it, so that its policy does not start it again."""

    name: str
    service: str
    project: str
    image: Image
    image_name: str
    config: dict[str, Any]
    config_hash: str
    folder: Path
    volumes: dict[str, str] = field(default_factory=dict)  # target -> volume
    id: str = field(default_factory=lambda: secrets.token_hex(32))
    state: str = "created"
    health: str = ""
    exit_code: int = 0
    oom_killed: bool = False
    restarts: int = 0
    by_hand: bool = False
    process: Process | None = None
    created: float = field(default_factory=time.time)
    started: float = 0.0
    finished: float = 0.0
    since: float = field(default_factory=time.monotonic)
    _failing: int = 0
    _probe_due: float = 0.0
    _restart_due: float = 0.0

    def __post_init__(self) -> None:
        """Make the log file."""
        self.log_file = self.folder / self.id / f"{self.id}-json.log"
        self.log_file.parent.mkdir(parents=True)
        self.log_file.touch()
        self.log_file.parent.chmod(0o777)
        self.log_file.chmod(0o666)

    @property
    def running(self) -> bool:
        """Tell whether its process is there."""
        return self.process is not None

    @property
    def memory(self) -> int:
        """Return the bytes that its process takes."""
        return self.process.memory if self.process else 0

    def log(self, text: str) -> None:
        """Write a line as the json-file driver does."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() % 10**9:09d}Z"
        line = json.dumps({"log": f"{text}\n", "stream": "stderr", "time": stamp}, separators=(",", ":"))
        if self.log_file.parent.exists():
            with self.log_file.open("a") as file:
                file.write(f"{line}\n")

    def begin(self, start: Callable[["Container"], Process]) -> None:
        """Start its process; a program that exits at once leaves its exit code, and its policy decides."""
        self.by_hand = False
        self.since = time.monotonic()
        self.started = time.time()
        self._failing = 0
        try:
            self.process = start(self)
        except Exited as error:
            self.ended(error.code)
            return
        check = self.config.get("healthcheck")
        self.state, self.health = "running", "starting" if check else ""
        self.exit_code, self.oom_killed = 0, False
        self._probe_due = time.monotonic()

    def end(self, code: int, *, by_hand: bool = True) -> None:
        """End its process with an exit code."""
        self.by_hand = by_hand
        if self.process:
            self.process.stop()
        self.ended(code)

    def ended(self, code: int) -> None:
        """Keep how the process ended, and when its policy would start it again."""
        self.process, self.exit_code = None, code
        self.since, self.finished = time.monotonic(), time.time()
        self.health = "unhealthy" if self.config.get("healthcheck") else ""
        self.state = "restarting" if self._again() else "exited"
        self._restart_due = time.monotonic() + sandbox_seconds(_BACKOFF_SECONDS * min(self.restarts + 1, 6))

    def due(self) -> bool:
        """Tell whether its policy starts it now."""
        return self.state == "restarting" and time.monotonic() >= self._restart_due

    def probe(self) -> None:
        """Make its health check when it is due."""
        check, process = self.config.get("healthcheck"), self.process
        if not check or process is None or time.monotonic() < self._probe_due:
            return
        interval = sandbox_seconds(duration(check.get("interval", "30s")))
        port, path = target(check["test"], process.program.port)
        answer = get(process.port if port == process.program.port else None, path, PROBE_SECONDS)
        self._probe_due = time.monotonic() + interval
        if self.process is not process:
            return
        if answer and answer[0] < HTTPStatus.BAD_REQUEST:
            self._failing, self.health = 0, "healthy"
            return
        grace = sandbox_seconds(duration(check.get("start_period", "0s")))
        if self.health == "starting" and time.monotonic() - self.since < grace:
            return
        self._failing += 1
        if self._failing >= int(check.get("retries", 3)):
            self.health = "unhealthy"

    def _again(self) -> bool:
        policy, _, most = str(self.config.get("restart", "no")).partition(":")
        if self.by_hand:
            return False
        if policy == "on-failure":
            return self.exit_code != 0 and (not most or self.restarts < int(most))
        return policy in ("always", "unless-stopped")


def target(test: str | list[str], port: int) -> tuple[int, str]:
    """Return the port and path that a health check asks; raises NotImplementedError for one that is not simulated."""
    words = test.split() if isinstance(test, str) else [word for part in test for word in part.split()]
    url = next((word.strip("'\"") for word in words if "://" in word), None)
    if url:
        parts = urlsplit(url)
        return parts.port or 80, parts.path or "/"
    for tool, path in (("psql", "/users"), ("pg_isready", "/ready"), ("redis-cli", "/ping")):
        if tool in words:
            return port, path
    raise NotImplementedError(f"The sandbox host makes no health check by {test}: add it to {__name__}")


def duration(text: str) -> float:
    """Return the seconds of a duration of docker's, as 1m30s."""
    number, seconds = "", 0.0
    unit = ""
    for character in f"{text}\0":
        if character.isdigit() or character == ".":
            if unit:
                seconds, number, unit = seconds + float(number) * _UNITS[unit], "", ""
            number += character
        elif character == "\0":
            seconds += float(number or 0) * _UNITS[unit or "s"]
        else:
            unit += character
    return seconds
