"""Asynchronous invocation of Lambda functions: accepted at once, retried, sent to a destination in the end.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import datetime
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from moto.awslambda.models import LambdaFunction

from sandbox.context import current
from sandbox.delivery import role_key, send
from sandbox.lambda_function import NotInvoked, Result
from sandbox.lambda_functions import config, dead_letter_arn, invoke_config
from sandbox.speed import sandbox_seconds

MAX_PAYLOAD_BYTES = 1_048_576
_RETRY_SECONDS = (60, 120)
_DEFAULT_RETRIES = 2
_DEFAULT_AGE_SECONDS = 21_600


@dataclass(frozen=True)
class _Outcome:
    condition: str  # Success, RetriesExhausted or EventAgeExceeded
    attempts: int
    result: Result | None


def invoke_later(function: LambdaFunction, payload: bytes, request_id: str | None = None) -> str:
    """Queue an event for a function and return its request id; failures end in the function's destinations."""
    request_id = request_id or str(uuid.uuid4())
    current().background.run(_process, function, payload, request_id)
    return request_id


def _process(function: LambdaFunction, payload: bytes, request_id: str) -> None:
    outcome = _attempts(function, payload, request_id)
    destinations = invoke_config(function).get("DestinationConfig", {})
    side = "OnSuccess" if outcome.condition == "Success" else "OnFailure"
    key = role_key(function.role, function.function_name)
    target = destinations.get(side, {}).get("Destination")
    if target:
        send(target, json.dumps(_record(function, payload, request_id, outcome)), {}, key)
    if outcome.condition != "Success" and dead_letter_arn(function):
        send(str(dead_letter_arn(function)), payload.decode(), _dead_letter_attributes(request_id, outcome), key)


def _attempts(function: LambdaFunction, payload: bytes, request_id: str) -> _Outcome:
    settings = invoke_config(function)
    retries = int(settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES))
    age = sandbox_seconds(float(settings.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)))
    deadline = time.monotonic() + age
    result: Result | None = None
    for attempt in range(1, retries + 2):
        result = _once(function, payload, request_id, deadline)
        if result is None:
            return _Outcome("EventAgeExceeded", attempt, None)
        if result.error is None:
            return _Outcome("Success", attempt, result)
        wait = sandbox_seconds(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS)) - 1])
        if attempt <= retries and not _waits(wait, deadline):
            return _Outcome("EventAgeExceeded", attempt, result)
    return _Outcome("RetriesExhausted", retries + 1, result)


def _once(function: LambdaFunction, payload: bytes, request_id: str, deadline: float) -> Result | None:
    """Run one attempt; one that Lambda refuses is tried again without counting, until the event is too old (None)."""
    while True:
        try:
            return current().lambdas.invoke(config(function), payload, request_id)
        except NotInvoked:
            if not _waits(sandbox_seconds(1), deadline):
                return None


def _waits(seconds: float, deadline: float) -> bool:
    return time.monotonic() + seconds < deadline and current().background.sleep(seconds)


def _record(function: LambdaFunction, payload: bytes, request_id: str, outcome: _Outcome) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record = {
        "version": "1.0",
        "timestamp": now,
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.attempts,
        },
        "requestPayload": json.loads(payload),
    }
    if outcome.result is None:
        return record
    context = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": outcome.result.error}
    return {**record, "responseContext": context, "responsePayload": outcome.result.json()}


def _dead_letter_attributes(request_id: str, outcome: _Outcome) -> dict[str, str]:
    message = str(outcome.result.json().get("errorMessage", "")) if outcome.result else outcome.condition
    return {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": message[:1024]}
