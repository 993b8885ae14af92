"""CloudWatch Logs, as other services of the sandbox write to it."""

import contextlib
import time

from moto.logs import logs_backends
from moto.logs.exceptions import ResourceAlreadyExistsException

from sandbox.account import ACCOUNT, home

_STREAM = "sandbox"


def put(group: str, line: str) -> None:
    """Add a line to a log group, which is made where it is missing."""
    backend = logs_backends[ACCOUNT][home()]
    with contextlib.suppress(ResourceAlreadyExistsException):
        if group not in backend.groups:
            backend.create_log_group(group, {})
        if _STREAM not in backend.groups[group].streams:
            backend.create_log_stream(group, _STREAM)
    backend.put_log_events(group, _STREAM, [{"timestamp": int(time.time() * 1000), "message": line}])


def everything() -> list[str]:
    """Return every line of every log group."""
    groups = list(logs_backends[ACCOUNT][home()].groups.values())
    return [event.message for group in groups for stream in list(group.streams.values()) for event in stream.events]
