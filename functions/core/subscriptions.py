"""Who has confirmed that they want a topic's mail: whoever has not, hears nothing, and SNS tells nobody."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from functions.core.aws import Session

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

UNCONFIRMED = {"PendingConfirmation", "Deleted"}  # what SNS then says instead of a subscription's ARN


def unconfirmed(aws: Session, topic: str, people: Iterable[str]) -> list[str]:
    """List those of some mail addresses that a topic's mail does not reach."""
    sns: SNSClient = aws.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    reached = {
        one["Endpoint"].casefold()
        for page in pages
        for one in page["Subscriptions"]
        if one["SubscriptionArn"] not in UNCONFIRMED
    }
    return [mail for mail in people if mail.casefold() not in reached]
