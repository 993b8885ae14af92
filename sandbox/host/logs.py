"""The log lines that a container's json-file still has."""

import json
import time

from sandbox.host.container import Container, duration
from sandbox.speed import SPEED

STAMP = len("2026-01-01T00:00:00.000000000Z ")
_MOST_BYTES = 4_000_000


def lines(container: Container, since: str = "", tail: str = "") -> list[str]:
    """Return the lines, each after its time; a duration in `since` is on AWS's clock."""
    found = []
    for line in _written(container).splitlines():
        try:
            entry = json.loads(line.lstrip(b"\0"))
        except ValueError:  # the rest of a line that was cut
            continue
        found.append(f"{entry['time']} {entry['log'].rstrip()}")
    found = [line for line in found if line[: STAMP - 1] >= _begin(since)]
    return found[max(0, len(found) - int(tail)) :] if tail.isdigit() else found


def _begin(since: str) -> str:
    if not since or since[-1] not in "smh":
        return since
    begin = time.time() - duration(since) / SPEED
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(begin))}.{int(begin % 1 * 10**9):09d}Z"


def _written(container: Container) -> bytes:
    """Return the file's end; one that has become huge begins with a hole."""
    if not container.log_file.exists():
        return b""
    with container.log_file.open("rb") as file:
        file.seek(max(0, container.log_file.stat().st_size - _MOST_BYTES))
        return file.read().lstrip(b"\0")
