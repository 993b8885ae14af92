"""CloudWatch Logs about a crowd.

Source: the API reference of FilterLogEvents, "Filter pattern syntax".
"""

import itertools
import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from bench.crowd_terms import MINUTES, Json, Refused, Service, page

QUOTED = re.compile('"[^"]+"')
LOG_GROUP = "/ecs/bot"
LINES_PAGE, BYTES_PAGE = 10_000, 1_000_000


class Logs(Service):
    """A log group: `line` gives the text of a line, `lines` are those that were asked for, the oldest first."""

    lines: Sequence[Json] = ()
    line: Callable[[int], str]

    def _FilterLogEvents(self, asked: Json) -> Json:  # noqa: N802  named as AWS names it
        """Look through as many lines as one page may hold: where few of them fit the pattern, it is empty or nearly."""
        self.lines = self.lines or [self._logged(n) for n in range(self.size.lines)]
        lines = self.lines if asked.get("startFromHead", True) else self.lines[::-1]
        start, most = int(asked.get("nextToken", 0)), min(asked.get("limit", LINES_PAGE), LINES_PAGE)
        sizes = itertools.accumulate(len(line["message"]) for line in lines[start : start + most])
        fitting = max(1, sum(size <= BYTES_PAGE for size in sizes))
        looked = page("events", lines, fitting, asked)
        term, since = _term(asked.get("filterPattern", "")), asked.get("startTime", 0)
        found = [line for line in looked["events"] if term in line["message"] and line["timestamp"] >= since]
        return looked | {"events": found}

    def _logged(self, n: int) -> Json:
        moment = self.deployed + timedelta(minutes=MINUTES) * (n / self.size.lines)
        stream = f"bot/bot/{n % 10}"
        return {"logStreamName": stream, "timestamp": int(moment.timestamp() * 1000), "message": self.line(n)}


def access(n: int) -> str:
    """Write a line of an access log; one in a thousand is an error."""
    level = "ERROR" if n % 1000 == 0 else "INFO"
    request = f'"POST /telegram/webhook HTTP/1.1" 200 OK request={n:032x} ms={n % 997}'
    return f"{level}:     10.0.0.{n % 250} - {request} {'x' * 40}"


def _term(pattern: str) -> str:
    """Return the words that a line has to have; of all patterns, the crowd knows those of one quoted text."""
    if pattern and not QUOTED.fullmatch(pattern):
        raise Refused(f"filterPattern: {pattern}")
    return pattern[1:-1]
