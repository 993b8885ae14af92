"""What commands on hosts write for machines: lines of JSON, names with values, sizes."""

import json
import re
from collections.abc import Iterator
from typing import Any

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
SIZE = re.compile(r"([0-9.]+(?:e[+-]?\d+)?)\s*([KMGT]?i?B)", re.IGNORECASE)


def objects(output: str) -> list[dict[str, Any]]:
    """Read the JSON objects of an output: one a line, or all in one list, as older versions of docker write them.

    Raises:
        ValueError: where a line that begins as JSON is none.
    """
    stripped = output.strip()
    if stripped.startswith("["):
        listed: list[dict[str, Any]] = json.loads(stripped)
        return listed
    return [json.loads(line) for line in output.split("\n") if line.lstrip().startswith("{")]


def pairs(output: str) -> Iterator[tuple[str, str]]:
    """Read lines of name=value, in order; others are left out."""
    for line in output.split("\n"):
        name, equals, value = line.partition("=")
        if equals and re.fullmatch(r"[a-z]+", name):
            yield name, value


def size(text: str) -> int:
    """Read a size as docker writes it: "1.2GB (60%)", "4.3MiB / 7.6GiB"; the first one.

    Raises:
        ValueError: where there is none.
    """
    found = SIZE.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no size")
    return round(float(found[1]) * UNITS[found[2].upper()])


def readable_size(size: float) -> str:
    """Write a size as people read it."""
    for unit in ("TB", "GB", "MB", "KB"):
        if size >= UNITS[unit]:
            return f"{size / UNITS[unit]:.1f} {unit}"
    return f"{round(size)} B"


def percent(part: float, whole: float) -> int:
    """Return a part as a whole number of hundredths, rounded down; none of nothing."""
    return int(100 * part / whole) if whole else 0
