"""Sending to a queue, a topic or a function by ARN, as a service that acts for a role or by a queue's policy."""

import json
from collections.abc import Mapping

from moto.sqs import sqs_backends

from sandbox.access import Principal
from sandbox.account import ACCOUNT, ADMIN_ACCESS_KEY, home
from sandbox.clients import client
from sandbox.context import current
from sandbox.policies import allowed, statements


class NotDelivered(Exception):
    """A delivery that AWS would refuse; code is the reason as EventBridge names it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def role_key(role_arn: str | None, session: str) -> str:
    """Return an access key of the role; the administrator's where the service needs no role."""
    return current().access.issue(Principal(role_arn, session)) if role_arn else ADMIN_ACCESS_KEY


def send(arn: str, body: str, attributes: Mapping[str, str], access_key: str = ADMIN_ACCESS_KEY) -> None:
    """Send a message with string attributes to a queue or topic; raises botocore's ClientError."""
    message_attributes = {n: {"DataType": "String", "StringValue": v} for n, v in attributes.items() if v}
    service, name = arn.split(":")[2], arn.rsplit(":", maxsplit=1)[-1]
    if service == "sqs":
        sqs = client("sqs", access_key)
        url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=message_attributes)
    elif service == "sns":
        client("sns", access_key).publish(TopicArn=arn, Message=body, MessageAttributes=message_attributes)
    else:
        raise NotImplementedError(f"The sandbox delivers to SQS and SNS, not to {arn}")


def send_by_queue_policy(queue_arn: str, body: str, attributes: Mapping[str, str], service: str, source: str) -> None:
    """Send to a queue whose policy must allow the service for the source's ARN; raises NotDelivered."""
    queue = sqs_backends[ACCOUNT][home()].get_queue(queue_arn.rsplit(":", maxsplit=1)[-1])
    document = json.loads(queue.policy) if isinstance(queue.policy, str) and queue.policy else queue.policy or {}
    context = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT, "aws:securetransport": "true"}
    if not allowed(statements(document) if document else [], "sqs:SendMessage", queue_arn, context, service):
        raise NotDelivered("NO_PERMISSIONS", f"The policy of {queue_arn} does not let {service} send for {source}")
    send(queue_arn, body, attributes)
