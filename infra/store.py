"""The incident table."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
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
