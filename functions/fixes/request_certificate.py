"""Asks ACM for a certificate, and proves to it that the host is ours."""

from functions.core import certificates, zone
from functions.core.aws import Session
from functions.core.errors import Refused
from functions.core.fields import HostName
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Change, Parameters


class RequestCertificate(Parameters):
    """A host, and the id of the Route 53 zone that it is in."""

    host: HostName
    hosted_zone: zone.ZoneId


@fix(
    allow("acm:ListCertificates", "acm:RequestCertificate"),
    allow("acm:DescribeCertificate", on=certificates.ANY),
    allow("route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets", on=zone.ARN),
    effect="Asks ACM for a certificate for {host}, and writes the record that validates it to the zone {hosted_zone}",
    risk="low",
    radius="Nothing that runs: a record is added to {hosted_zone}, and the certificate is attached to nothing yet",
)
def handler(parameters: RequestCertificate, aws: Session) -> Changes:
    """Ask for a certificate, unless one is valid or waiting, and write its record. Source: ganopa-bot runbook 3, Fix 1.

    It does not wait until ACM has issued it. There is no undo: deleting certificates and records needs permissions more
    dangerous than this, and neither does any harm.

    Raises:
        Refused: when the zone is not the host's, or ACM's certificates could not all be read.
    """
    host, hosted_zone = parameters.host, parameters.hosted_zone
    known = certificates.of_host(aws, host)
    if not known.complete or not zone.holds(aws, hosted_zone, host):
        raise Refused(say("{host} is not in {zone}, or ACM has too many certificates", host=host, zone=hosted_zone))
    arn = known.open
    record = certificates.record(aws, arn, host) if arn else None
    found = zone.value(aws, hosted_zone, record.name) if record else None
    before = {"record": found or say("missing")}
    yield Change(before=before, after={"record": record.value if record else say("written")})
    arn = arn or certificates.request(aws, host, known)
    record = certificates.awaited_record(aws, arn, host)
    zone.write(aws, hosted_zone, record)
    yield Change(before=before, after={"record": record.value, "name": record.name, "certificate": arn})
