"""CloudWatch Logs as on AWS where moto returns every event or none: filter patterns, the order of events, Insights."""

import functools
import json
import re
import sys
from typing import NoReturn

from moto.logs import models
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.patches.replaced import replace
from sandbox.untyped import Model

_TERM = re.compile(r'\s*([-?]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"%]+))')
_PLAIN = re.compile(r"\w+")
_PAGE = 10_000
_ASKED = ("logGroupName", "logStreamNames", "startTime", "endTime", "limit", "nextToken", "filterPattern")


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


def _answer(self: Model) -> str:
    newest_first = self._get_param("startFromHead") is False
    asked = [self._get_param(name) for name in _ASKED]
    events, token, _ = self.logs_backend.filter_log_events(*asked, newest_first)
    return json.dumps({"events": events, "nextToken": token})


def _filter_log_events(self: LogGroup, *asked: Model) -> Model:
    *where, limit, token, pattern, newest_first = asked
    FilterPattern(pattern)  # an invalid pattern is refused even where there is no event yet
    interleaved = True
    original = replace.original(LogGroup, "filter_log_events")
    events, _, streams = original(self, *where, sys.maxsize, None, pattern, interleaved)
    ordered = events[::-1] if newest_first else events
    start = int(token or 0)
    end = start + (limit or _PAGE)
    return ordered[start:end], str(end) if end < len(events) else None, streams


def install() -> None:
    """Replace the pattern matcher, order events of all streams by time, refuse Insights queries."""
    replace(models, "EventMessageFilter", functools.lru_cache(FilterPattern))
    replace(LogGroup, "filter_log_events", _filter_log_events)
    replace(LogsResponse, "filter_log_events", _answer)
    replace(LogsBackend, "start_query", _start_query)
