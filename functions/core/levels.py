"""How bad it is, in one word: normal, warning, degraded or critical; or unknown, which is never normal."""

from collections.abc import Iterable
from typing import NamedTuple

from functions.core.language import marked, say, translated

NORMAL, UNKNOWN = "normal", "unknown"
LEVELS = (NORMAL, "warning", "degraded", "critical")  # as a metric, by their places
URGENT = LEVELS[2:]  # what somebody has to see to, not only to watch
WORDS = [marked("normal"), marked("warning"), marked("degraded"), marked("critical"), marked("unknown")]


class Weight(NamedTuple):
    """How bad a cause is, empty where that is not said, and how certain it is."""

    level: str
    standing: str


def told(causes: Iterable[Weight], *, healthy: bool | None) -> str:
    """Tell the level: the highest of the confirmed causes; normal only where nothing else is possible.

    Empty where no cause has a level.
    """
    leveled = [cause for cause in causes if cause.level]
    if not leveled:
        return ""
    confirmed = [cause.level for cause in leveled if cause.standing == "confirmed"]
    if confirmed:
        return max(confirmed, key=LEVELS.index)
    possible = any(cause.standing == "possible" for cause in leveled)
    return NORMAL if healthy and not possible else UNKNOWN


def may_be_worse(level: str, causes: Iterable[Weight]) -> bool:
    """Say whether a cause of a higher level could not be ruled out."""
    possible = [cause.level for cause in causes if cause.level and cause.standing == "possible"]
    return any(level not in LEVELS or LEVELS.index(one) > LEVELS.index(level) for one in possible)


def said(level: str, *, at_least: bool) -> str:
    """Say a level to a person."""
    return say("at least {level}", level=translated(level)) if at_least and level != UNKNOWN else translated(level)
