"""What an image runs: said by `app.json` beside the Dockerfile, or known of a public image."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True)
class Program:
    """A program and its weight; `fails` is why it exits with 1 as it starts, `status` what its health path answers.

    `kind` is web, postgres or redis; `login` the path that checks a name and a password in postgres' table of users.
    Durations are AWS's.
    """

    kind: str = "web"
    port: int = 8000
    health: str = "/health"
    status: int = 200
    fails: str = ""
    login: str = ""
    memory: int = 180 * MIB
    size: int = 900 * MIB
    starts_seconds: float = 8.0
    build_seconds: float = 180.0
    volumes: tuple[str, ...] = ()


PUBLIC = {
    "postgres": Program(
        "postgres", 5432, size=430 * MIB, memory=110 * MIB, starts_seconds=3, volumes=("/var/lib/postgresql/data",)
    ),
    "redis": Program("redis", 6379, size=130 * MIB, memory=12 * MIB, starts_seconds=1, volumes=("/data",)),
}


def public(image: str) -> Program | None:
    """Return what a public image runs; None where the registry has none of that name."""
    return PUBLIC.get(image.partition(":")[0])


def read(context: Path) -> Program:
    """Return what a build makes of a folder; raises ValueError where its `app.json` says nothing usable."""
    try:
        given = json.loads((context / "app.json").read_text())
        return replace(Program(), **given)
    except (OSError, TypeError, ValueError) as error:
        raise ValueError(f'failed to compute cache key: "/app.json": {error}') from error
