"""CloudTrail: LookupEvents, which moto lacks.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from sandbox.context import current
from sandbox.trail import Record

_MAX_RESULTS = 50
_ATTRIBUTES: dict[str, Callable[[Record], list[str]]] = {
    "AccessKeyId": lambda record: [record.event["userIdentity"]["accessKeyId"]],
    "EventId": lambda record: [record.event["eventID"]],
    "EventName": lambda record: [record.event["eventName"]],
    "EventSource": lambda record: [record.event["eventSource"]],
    "ReadOnly": lambda record: [str(record.event["readOnly"]).lower()],
    "ResourceName": lambda record: [resource["ResourceName"] for resource in record.resources],
    "ResourceType": lambda record: [resource["ResourceType"] for resource in record.resources],
    "Username": lambda record: [record.username],
}


def install() -> None:
    """Answer LookupEvents from what the gateway saw."""
    response: Any = CloudTrailResponse
    response.lookup_events = _lookup_events


def _lookup_events(self: CloudTrailResponse) -> str:
    limit = self._get_param("MaxResults") or _MAX_RESULTS
    if not 1 <= limit <= _MAX_RESULTS:
        _refuse("InvalidMaxResults", f"MaxResults is {limit}: a number from 1 to {_MAX_RESULTS}")
    found = [record for record in reversed(current().trail.records) if record.visible and _asked_for(self, record)]
    found = _after(found, self._get_param("NextToken"))
    answer: dict[str, Any] = {"Events": [_event(record) for record in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1].event["eventID"]
    return json.dumps(answer)


def _asked_for(self: CloudTrailResponse, record: Record) -> bool:
    attributes = self._get_param("LookupAttributes") or []
    if len(attributes) > 1:
        _refuse("InvalidLookupAttributes", "You can specify only one lookup attribute")
    start, end = self._get_param("StartTime"), self._get_param("EndTime")
    if start is not None and end is not None and start > end:
        _refuse("InvalidTimeRange", "StartTime is after EndTime")
    at = record.time.timestamp()
    return (
        all(one["AttributeValue"] in _ATTRIBUTES[one["AttributeKey"]](record) for one in attributes)
        and (start is None or start <= at)
        and (end is None or at <= end)
    )


def _after(found: list[Record], token: str | None) -> list[Record]:
    if token is None:
        return found
    known = [record.event["eventID"] for record in found]
    if token not in known:
        _refuse("InvalidNextToken", "Invalid or expired NextToken")
    return found[known.index(token) + 1 :]


def _event(record: Record) -> dict[str, Any]:
    event = record.event
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "AccessKeyId": event["userIdentity"]["accessKeyId"],
        "EventTime": record.time.timestamp(),
        "EventSource": event["eventSource"],
        "Username": record.username,
        "Resources": record.resources,
        "CloudTrailEvent": json.dumps(event),
    }


def _refuse(code: str, message: str) -> NoReturn:
    raise JsonRESTError(f"{code}Exception", message)
