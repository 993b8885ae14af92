"""CloudTrail's event history: who called what of Step Functions, visible after CloudTrail's usual five minutes.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import datetime
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.account import ACCOUNT
from sandbox.api_call import ApiCall
from sandbox.callers import Caller
from sandbox.speed import sandbox_seconds

DELAY_SECONDS = sandbox_seconds(300)
_READS = ("Describe", "Get", "List", "Test", "Validate")
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


@dataclass(frozen=True)
class Record:
    """One call: username is the user's or the session's name, event the whole CloudTrail record."""

    event: dict[str, Any]
    username: str
    recorded: float = field(default_factory=time.monotonic)

    @property
    def visible(self) -> bool:
        """Whether LookupEvents shows it by now."""
        return time.monotonic() - self.recorded >= DELAY_SECONDS

    @property
    def resources(self) -> list[dict[str, str]]:
        """The execution and the state machine that the call was about."""
        told = {**(self.event["requestParameters"] or {}), **(self.event["responseElements"] or {})}
        kinds = {"executionArn": "AWS::StepFunctions::Execution", "stateMachineArn": "AWS::StepFunctions::StateMachine"}
        return [{"ResourceType": kinds[name], "ResourceName": told[name]} for name in kinds if name in told]

    @property
    def time(self) -> datetime.datetime:
        """When the call was made, in UTC."""
        return datetime.datetime.fromisoformat(self.event["eventTime"])


class Trail:
    """All recorded calls, the oldest first."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def record(self, call: ApiCall, caller: Caller | None, status: str, body: bytes) -> None:
        """Keep a call of Step Functions that changes something, with its answer; another call is not recorded."""
        operation = call.name.partition(":")[2]
        if call.signing_name != "states" or operation.startswith(_READS) or caller is None:
            return
        event = {
            "eventVersion": "1.11",
            "userIdentity": _identity(caller),
            "eventTime": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "eventSource": "states.amazonaws.com",
            "eventName": operation,
            "awsRegion": call.region,
            "sourceIPAddress": call.environ.get("REMOTE_ADDR", ""),
            "userAgent": call.environ.get("HTTP_USER_AGENT", ""),
            **_outcome(status, body),
            "requestParameters": _shown(call),
            "requestID": str(uuid.uuid4()),
            "eventID": str(uuid.uuid4()),
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }
        self.records.append(Record(event, caller.name))


def _identity(caller: Caller) -> dict[str, Any]:
    identity = {
        "type": "AssumedRole" if caller.role_arn else "IAMUser",
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": ACCOUNT,
        "accessKeyId": caller.access_key,
    }
    if not caller.role_arn:
        return {**identity, "userName": caller.name}
    issuer = {
        "type": "Role",
        "principalId": caller.user_id.partition(":")[0],
        "arn": caller.role_arn,
        "accountId": ACCOUNT,
        "userName": caller.role_arn.rpartition("/")[2],
    }
    return {**identity, "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}}


def _outcome(status: str, body: bytes) -> dict[str, Any]:
    answer = json.loads(body or b"null")
    if status.startswith("2"):
        return {"responseElements": answer or None}
    code = str(answer.get("__type")).rpartition("#")[2]
    return {"errorCode": code, "errorMessage": answer.get("message"), "responseElements": None}


def _shown(call: ApiCall) -> dict[str, Any]:
    """Return the parameters without what the service's model marks as sensitive: inputs, outputs, task tokens."""
    shape = call.operation.input_shape
    members = shape.members if shape else {}
    hidden = {name for name, member in members.items() if member.metadata.get("sensitive")}
    return {name: _HIDDEN if name in hidden else value for name, value in call.parameters.items()}
