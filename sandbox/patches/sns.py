"""SNS: e-mail subscriptions reach the mailbox, and are listed, once confirmed; subjects are checked as AWS does."""

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from sandbox.account import ACCOUNT
from sandbox.context import current
from sandbox.patches.replaced import replace

_MAX_SUBJECT = 99
_DEFAULT_SUBJECT = "AWS Notification Message"


def install() -> None:
    """Deliver mail, refuse bad subjects, count subscriptions as confirmed unless they are listed as unconfirmed."""
    replace(Subscription, "publish", _publish)
    replace(SNSBackend, "publish", _backend_publish)
    replace(SNSBackend, "subscribe", _subscribe)
    replace(SNSResponse, "list_subscriptions_by_topic", _list_subscriptions_by_topic)


def _publish(self: Subscription, message: str, message_id: str, **options: Any) -> None:
    if self.protocol not in {"email", "email-json"}:
        replace.original(Subscription, "publish")(self, message, message_id, **options)
        return
    if _pending(self.protocol, self.endpoint):
        return
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(options.get("message_attributes"), message):
        return
    if options.get("message_structure") == "json":
        message = self._parse_message_structure(message, self.protocol)
    current().mailbox.deliver(self.endpoint, options.get("subject") or _DEFAULT_SUBJECT, message)


def _backend_publish(self: SNSBackend, message: str, *arguments: Any, **options: Any) -> str:
    if not message:
        raise SNSInvalidParameter("Invalid parameter: Empty message")
    subject = options.get("subject")
    if subject is not None and not _is_subject(subject):
        raise SNSInvalidParameter("Invalid parameter: Subject")
    return str(replace.original(SNSBackend, "publish")(self, message, *arguments, **options))


def _is_subject(subject: str) -> bool:
    """ASCII, fewer than 100 characters, no line break or control character, and no space at the start."""
    return 0 < len(subject) <= _MAX_SUBJECT and subject.isascii() and subject.isprintable() and not subject[0].isspace()


def _subscribe(self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    subscription: Subscription = replace.original(SNSBackend, "subscribe")(self, topic_arn, endpoint, protocol)
    pending = _pending(protocol, endpoint)
    subscription.attributes["PendingConfirmation"] = pending
    subscription.confirmed = not pending
    return subscription


def _list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    """Name a subscription that is not confirmed as SNS does; the ARN it will have is not told."""
    listed = replace.original(SNSResponse, "list_subscriptions_by_topic")(self).result
    shown = [_shown(one) for one in listed["Subscriptions"]]
    return ActionResult({"Subscriptions": shown, "NextToken": listed["NextToken"]})


def _shown(one: Subscription) -> dict[str, str]:
    arn = "PendingConfirmation" if _pending(one.protocol, one.endpoint) else one.arn
    topic = {"TopicArn": one.topic.arn, "Owner": ACCOUNT}
    return {"SubscriptionArn": arn, "Protocol": one.protocol, "Endpoint": one.endpoint, **topic}


def _pending(protocol: str, endpoint: str) -> bool:
    return protocol.startswith("email") and endpoint in current().unconfirmed
