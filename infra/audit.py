"""The audit of a service: its state machine, the schedule that starts it every day, and where its reports are kept."""

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.core.published import TYPES
from infra.functions import Functions
from infra.nag import accept
from infra.scheduled import Scheduled
from statemachines.audit import compile_audit
from statemachines.audit_model import Audit
from statemachines.model import AUDIT, AuditUse, Service


class AuditMachine(Scheduled):
    """The state machine and its schedule."""

    def __init__(
        self,
        scope: Construct,
        service: Service,
        use: AuditUse,
        audit: Audit,
        functions: Functions,
        dead_letters: sqs.IQueue,
    ) -> None:
        definition = compile_audit(service, use, audit, functions.arn)
        super().__init__(scope, service, AUDIT, definition, functions, dead_letters)
        self.daily(use.at, f"Says every day whether {service.name} is ready", {})


def kept(service: Service, audit: Audit) -> dict[str, Any]:
    """Return the ARNs of the bucket and of the files in it, by the names that functions declare them under."""
    bucket = f"arn:aws:s3:::{service.audits_bucket}"
    return {"audits_bucket": bucket, "audits": [f"{bucket}/{audit.name}.{ending}" for ending in TYPES]}


def reports(stack: Stack, service: Service) -> s3.Bucket:
    """Make the bucket of the reports: each run is a version of the same three files; it outlives the stack."""
    bucket = s3.Bucket(
        stack,
        "Audits",
        bucket_name=service.audits_bucket,
        versioned=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    accept(bucket, "S1", "it is read by people who are signed in, which CloudTrail records, and by nothing else")
    return bucket
