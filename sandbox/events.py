"""Events that AWS services put on the default event bus, in the envelope that EventBridge delivers."""

import datetime
import json
from typing import Any

from moto.events import events_backends

from sandbox.account import ACCOUNT, home


def put_event(
    source: str,
    detail_type: str,
    detail: dict[str, Any],
    resources: list[str] | None = None,
    region: str = "",
) -> str:
    """Put a service's own event (`aws.ecs`, `aws.cloudwatch`) on the region's or home's default bus; return its id."""
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": resources or [],
        "Time": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    result = events_backends[ACCOUNT][region or home()].put_events([entry])[0]
    if "EventId" not in result:
        raise ValueError(f"EventBridge refused {detail_type!r} of {source!r}: {result['ErrorMessage']}")
    return str(result["EventId"])
