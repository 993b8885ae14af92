"""The incident table, and the key of what it may not hold in clear."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct


class IncidentTable(dynamodb.Table):
    """Records, questions, changes, timelines and locks, as functions/core/incidents.py lays them out.

    Destroying the stack leaves the table: it is the proof of who allowed what.
    """

    def __init__(self, scope: Construct) -> None:
        super().__init__(
            scope,
            "Incidents",
            partition_key=dynamodb.Attribute(name="incident", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="item", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires",
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )


def token_key(scope: Construct, service: str) -> kms.Key:
    """Make the key of task tokens: whoever has one may answer for the approvers. CloudTrail shows each use of it."""
    return kms.Key(
        scope,
        "TokenKey",
        alias=f"alias/{service}-task-tokens",
        description=f"Encrypts the task tokens of {service}'s open questions",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,  # what it encrypted is worthless without the running executions
        pending_window=Duration.days(7),
    )
