"""CloudWatch Logs as on AWS where moto returns every event or none: filter patterns, interleaving, Insights."""

import functools
import re
from typing import NoReturn

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogGroup, LogsBackend

from sandbox.patches.replaced import replace
from sandbox.untyped import Model

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"%]+))')
_PLAIN = re.compile(r"\w+")


class FilterPattern:
    """An unstructured filter pattern: all plain terms, any of the ?terms, none of the -terms, %regular expressions%.

    Source: CloudWatch Logs user guide, "Filter pattern syntax".
    """

    def __init__(self, pattern: str | None) -> None:
        self._terms: dict[str, list[re.Pattern[str]]] = {"": [], "?": [], "-": []}
        text = (pattern or "").strip()
        if text[:1] in ("{", "["):
            raise NotImplementedError(f"filter patterns of terms only, not {text!r}")
        position = 0
        while position < len(text):
            match = _TERM.match(text, position)
            if not match:
                _invalid(text)
            self._terms[match[1]].append(_expression(match))
            position = match.end()

    def matches(self, message: str) -> bool:
        """Tell whether a message fits; as on AWS, ?terms count only where there is no plain term."""
        required, optional, excluded = (self._terms[kind] for kind in ("", "?", "-"))
        if any(term.search(message) for term in excluded):
            return False
        if required:
            return all(term.search(message) for term in required)
        return not optional or any(term.search(message) for term in optional)


def _expression(match: re.Match[str]) -> re.Pattern[str]:
    if match[3] is not None:
        return re.compile(match[3])
    if match[4] is not None and not _PLAIN.fullmatch(match[4]):
        _invalid(match[4])
    return re.compile(re.escape((match[4] or match[2] or "").replace('\\"', '"')))


def _invalid(term: str) -> NoReturn:
    raise InvalidParameterException(f"Invalid character(s) in term '{term}'")


def _start_query(*_: object, **__: object) -> None:
    raise NotImplementedError("Logs Insights queries do not run here: use FilterLogEvents")


def _filter_log_events(self: LogGroup, *asked: Model) -> Model:
    FilterPattern(asked[6])  # an invalid pattern is refused even where there is no event yet
    interleaved = True
    return replace.original(LogGroup, "filter_log_events")(self, *asked[:7], interleaved)


def install() -> None:
    """Replace the pattern matcher, sort events of all streams by time, refuse Insights queries."""
    replace(models, "EventMessageFilter", functools.lru_cache(FilterPattern))
    replace(LogGroup, "filter_log_events", _filter_log_events)
    replace(LogsBackend, "start_query", _start_query)
