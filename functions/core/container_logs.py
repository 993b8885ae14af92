"""What containers log to CloudWatch Logs."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.language import say
from functions.core.reading import in_time

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

# A page has 10,000 lines or a megabyte at most, and all of an account's calls share 5 a second.
MOST_LINES, MOST_CHARACTERS = 10_000, 4_000_000


class Log(NamedTuple):
    """What each container logged, oldest line first; how many since when, and whether there may be more before.

    `last` is the newest line of all, as CloudWatch gives it.
    """

    texts: list[str]
    lines: int
    since: datetime
    more: bool
    last: "FilteredLogEventTypeDef | None"

    @property
    def any(self) -> bool | None:
        """Say whether there is a line; unknown where none of those that were read, and others were not."""
        return None if self.more and not self.lines else bool(self.lines)


def newest(aws: Session, log_group: str, since: datetime, pattern: str = "", share: int = 1) -> Log:
    """Read the newest lines of a log group that fit a filter pattern, back to a moment at most.

    Who reads several patterns one after the other says how many they are, so that all are read in time.

    Raises:
        NotFound: when there is no such log group.
    """
    logs = aws.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=log_group,
        startTime=int(since.timestamp() * 1000),
        startFromHead=False,
        filterPattern=pattern,
    )
    events: list[FilteredLogEventTypeDef] = []
    size, more = 0, False
    try:
        for page in in_time(pages, share):
            events += page["events"]
            size += sum(len(event["message"]) for event in page["events"])
            more = bool(page.get("nextToken"))
            if len(events) >= MOST_LINES or size >= MOST_CHARACTERS:
                break
    except logs.exceptions.ResourceNotFoundException as error:
        raise NotFound(say("there is no log group {name}", name=log_group), aws) from error
    oldest = datetime.fromtimestamp(events[-1]["timestamp"] / 1000, UTC) if events and more else since
    return Log(_by_container(reversed(events)), len(events), oldest, more, events[0] if events else None)


def _by_container(events: "Iterable[FilteredLogEventTypeDef]") -> list[str]:
    streams: dict[str, list[str]] = {}
    for event in events:
        streams.setdefault(event["logStreamName"], []).append(event["message"].rstrip("\n"))
    return ["\n".join(lines) for lines in streams.values()]
