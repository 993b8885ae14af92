"""EventBridge: rules deliver to Lambda, Step Functions, SQS, SNS and log groups, with retries and dead-letter queue."""

import datetime
import time
from typing import Any

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import Rule
from moto.logs import logs_backends

from sandbox.account import ACCOUNT, home
from sandbox.clients import client
from sandbox.context import current
from sandbox.delivery import NotDelivered, role_key, send_by_queue_policy
from sandbox.event_input import target_input
from sandbox.lambda_async import invoke_later
from sandbox.lambda_functions import deployed, may_invoke
from sandbox.patches.replaced import replace
from sandbox.speed import sandbox_seconds

_SERVICE = "events.amazonaws.com"
_ENVELOPE = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
_DEFAULT_AGE_SECONDS = 86_400
_DEFAULT_RETRIES = 185
_RETRY_SECONDS = 10
_RETRYABLE = {"InternalException", "ServiceUnavailable", "ThrottlingException", "TooManyRequestsException"}


def install() -> None:
    """Deliver matching events to their targets."""
    replace(Rule, "send_to_targets", _send_to_targets)


def _send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002  moto's signature
    # moto sends to disabled rules, and takes a schedule without a pattern for one that matches everything.
    if (
        self.state == "DISABLED"
        or not self.event_pattern.dump()
        or not self.event_pattern.matches_event(original_event)
    ):
        return
    event = {name: original_event[name] for name in _ENVELOPE if name in original_event}
    event["time"] = _timestamp(event["time"])
    for target in self.targets:
        current().background.run(_deliver, self, target, event if transform_input else dict(original_event))


def _deliver(rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
    body = target_input(target, event)
    policy = target.get("RetryPolicy", {})
    retries = int(policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES))
    age = sandbox_seconds(float(policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)))
    deadline = time.monotonic() + age
    for attempt in range(retries + 1):
        try:
            _send(rule, target, event, body)
        except (NotDelivered, ClientError) as error:
            code = _code(error)
            exhausted = attempt == retries or time.monotonic() >= deadline
            if code in _RETRYABLE and not exhausted and current().background.sleep(sandbox_seconds(_RETRY_SECONDS)):
                continue
            _bury(rule, target, body, error, attempt)
        return


def _send(rule: Rule, target: dict[str, Any], event: dict[str, Any], body: str) -> None:
    arn = target["Arn"]
    match arn.split(":")[2]:
        case "lambda":
            _invoke(rule, arn, body, event["id"])
        case "states":
            key = role_key(_role(target), "Events")
            client("stepfunctions", key).start_execution(stateMachineArn=arn, input=body)
        case "sqs":
            attributes: dict[str, str] = {}
            send_by_queue_policy(arn, body, attributes, _SERVICE, rule.arn)
        case "sns":
            client("sns").publish(TopicArn=arn, Message=body)
        case "logs":
            _log(arn, body)
        case _:
            raise NotImplementedError(f"The sandbox delivers no events to {arn}: add it to sandbox/patches/events.py")


def _invoke(rule: Rule, arn: str, body: str, event_id: str) -> None:
    try:
        function = deployed(arn)
    except UnknownFunctionException as error:
        raise NotDelivered("RESOURCE_NOT_FOUND", f"{arn} does not exist") from error
    if not may_invoke(function, _SERVICE, rule.arn):
        raise NotDelivered("NO_PERMISSIONS", f"The policy of {arn} does not let {rule.arn} invoke it")
    invoke_later(function, body.encode(), event_id)


def _log(arn: str, body: str) -> None:
    group = arn.split(":log-group:")[1].removesuffix(":*")
    backend = logs_backends[ACCOUNT][home()]
    stream = f"events-{time.time_ns()}"
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, [{"timestamp": int(time.time() * 1000), "message": body}])


def _bury(rule: Rule, target: dict[str, Any], body: str, error: NotDelivered | ClientError, attempt: int) -> None:
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if not queue:
        raise error
    attributes = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": _code(error),
        "ERROR_MESSAGE": str(error),
        "RETRY_ATTEMPTS": str(attempt),
    }
    send_by_queue_policy(queue, body, attributes, _SERVICE, rule.arn)


def _code(error: NotDelivered | ClientError) -> str:
    return error.code if isinstance(error, NotDelivered) else str(error.response["Error"]["Code"])


def _role(target: dict[str, Any]) -> str:
    if not target.get("RoleArn"):
        raise NotDelivered("NO_PERMISSIONS", f"The target {target['Arn']} names no RoleArn to start it with")
    return str(target["RoleArn"])


def _timestamp(value: Any) -> str:
    if isinstance(value, str):
        return value
    moment = value if isinstance(value, datetime.datetime) else datetime.datetime.fromtimestamp(value, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
