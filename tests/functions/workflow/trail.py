"""CloudTrail as the functions ask it; moto has no LookupEvents."""

import json
import time
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from statemachines import compiled
from tests.functions.workflow.world import INCIDENT, RUNBOOK

PAGE = 50


class Trail:
    """What CloudTrail has learned so far, newest last; `error` is what it answers instead."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.error = ""

    def started(self, arn: str | None, incident: str = INCIDENT) -> None:
        """Write down that somebody has started an execution."""
        service = compiled.read(RUNBOOK).service
        self.events.append(
            {
                "userIdentity": {"type": "IAMUser"} | ({"arn": arn} if arn else {}),
                "responseElements": {"executionArn": f"{service.execution_arn(RUNBOOK)}:{incident}"},
            }
        )

    def lookup_events(self, response: CloudTrailResponse) -> str:
        """Answer a request, a page at a time."""
        asked = {name: response._get_param(name) for name in ("LookupAttributes", "StartTime", "EndTime", "NextToken")}  # noqa: SLF001
        self.asked.append(asked)
        if self.error:
            raise JsonRESTError(self.error, "as the test wants it")
        first = int(asked["NextToken"] or 0)
        found = [
            {"EventId": str(number), "EventTime": time.time(), "CloudTrailEvent": json.dumps(event)}
            for number, event in enumerate(self.events)
        ]
        more = {"NextToken": str(first + PAGE)} if len(found) > first + PAGE else {}
        return json.dumps({"Events": found[first : first + PAGE], **more})
