"""Is the certificate that was asked for last being validated?"""

from typing import Literal

from functions.core import certificates, zone
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import HostName
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters
from functions.core.template import readable

FAILED = ("FAILED", "VALIDATION_TIMED_OUT")
TOLD = marked("asked for last: {certificate} ({status}), validated by {record_name}")


class CertificateValidation(Parameters):
    """A host, and the id of the Route 53 zone that it is in; "" where that is not ours."""

    host: HostName
    hosted_zone: zone.ZoneId | Literal[""]


@check(
    allow("acm:ListCertificates"),
    allow("acm:DescribeCertificate", on=certificates.ANY),
    allow("route53:GetHostedZone", "route53:ListResourceRecordSets", on=zone.ARN),
    signals={
        "pending": "The certificate that was asked for last waits for its validation",
        "failed": "The validation of the certificate that was asked for last has failed",
        "record-missing": "The record that validates the certificate that was asked for last is not in the zone",
        "zone-not-ours": "The host is in no zone of ours: others have to write the record",
    },
)
def handler(parameters: CertificateValidation, aws: Session) -> Finding:
    """Is the host's newest certificate being validated? Source: ganopa-bot runbook 3, Checks AWS Console 1."""
    host, hosted_zone = parameters.host, parameters.hosted_zone
    known = certificates.of_host(aws, host)
    newest = known.requested
    arn, status = (newest["CertificateArn"], newest["Status"]) if newest else (None, None)
    record = certificates.record(aws, arn, host) if arn else None
    ours = bool(hosted_zone) and zone.holds(aws, hosted_zone, host)
    missing = zone.value(aws, hosted_zone, record.name) != record.value if ours and record else None
    facts = {
        "certificate": arn,
        "status": status,
        "record_name": record.name if record else None,
        "record_value": record.value if record else None,
    }
    answers = {
        "pending": status == "PENDING_VALIDATION",
        "failed": status in FAILED,
        "record-missing": missing if newest else False,
    }
    told = say(TOLD, **{name: readable(fact) for name, fact in facts.items()})
    return Finding(
        summary=told if known.complete else certificates.cut(told),
        signals={"zone-not-ours": not ours} | (answers if known.complete else {}),
        facts=facts,
    )
