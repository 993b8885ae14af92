"""The topics: what approvers are mailed, and what is said about the automation itself."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from statemachines.model import Service


def notifications(scope: Construct, service: Service, dead_letters: sqs.IQueue) -> sns.Topic:
    """Make the topic of mails to approvers; each gets only what carries their own address as `approver`."""
    topic = sns.Topic(
        scope,
        "Notifications",
        topic_name=f"{service.name}-notifications",
        display_name=service.name,  # who the mail is from
        enforce_ssl=True,
        master_key=kms.Alias.from_alias_name(scope, "SnsKey", "alias/aws/sns"),
    )
    for approver in service.approvers:
        mine = {"approver": sns.SubscriptionFilter.string_filter(allowlist=[approver])}
        topic.add_subscription(
            subscriptions.EmailSubscription(approver, filter_policy=mine, dead_letter_queue=dead_letters)
        )
    return topic


def operations(scope: Construct, service: Service, dead_letters: sqs.IQueue) -> sns.Topic:
    """Make the topic of alarms on the automation itself, which every approver gets.

    It has no key: CloudWatch cannot publish to a topic under SNS's own, and a customer's key costs $1 a month. What is
    sent are names and states of our own alarms.
    """
    topic = sns.Topic(
        scope,
        "Operations",
        topic_name=f"{service.name}-operations",
        display_name=f"{service.name} runbooks",
        enforce_ssl=True,
    )
    # A topic's own policy replaces the default one, which lets the account's alarms publish.
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": service.account}},
        )
    )
    for approver in service.approvers:
        topic.add_subscription(subscriptions.EmailSubscription(approver, dead_letter_queue=dead_letters))
    return topic
