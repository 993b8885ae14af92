"""Certificates: which hosts they are for, which of them ACM has, and which a load balancer presents."""

import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.language import say
from functions.core.reading import in_time
from functions.core.routing import ListenerParameters, listener

if TYPE_CHECKING:
    from types_boto3_acm.literals import KeyAlgorithmType
    from types_boto3_acm.type_defs import CertificateDetailTypeDef, CertificateSummaryTypeDef

PAGE = 1000
# Without these ACM lists none but some of those with RSA keys.
KEYS: "list[KeyAlgorithmType]" = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
]
ANY = "arn:aws:acm:{region}:{account}:certificate/*"
LOOKS, SECONDS = 10, 1.0  # ACM makes the record some seconds after it was asked
LATEST = datetime.max.replace(tzinfo=UTC)


class Record(NamedTuple):
    """A CNAME."""

    name: str
    value: str


class Known(NamedTuple):
    """Certificates of ACM that are for a host, the newest first; were all of ACM's certificates read, and wholly?"""

    found: "list[CertificateSummaryTypeDef]"
    complete: bool

    @property
    def requested(self) -> "CertificateSummaryTypeDef | None":
        """The one that was asked of ACM last, instead of being imported."""
        return next((one for one in self.found if one["Type"] == "AMAZON_ISSUED"), None)

    @property
    def open(self) -> str | None:
        """The ARN of the one that was asked for last, where it is valid or waits for its validation."""
        last = self.requested
        waits = last is not None and (last["Status"] == "PENDING_VALIDATION" or valid(last))
        return last["CertificateArn"] if last and waits else None


def fits(names: Iterable[str], host: str) -> bool:
    """Say whether a certificate with these names is for a host; `*` stands for one whole label, the first."""
    parent = host.partition(".")[2]
    return any(name.lower().rstrip(".") in (host, f"*.{parent}") for name in names)


def of_host(aws: Session, host: str) -> Known:
    """Look for a host's certificates among all that ACM has, in time."""
    pages = (
        aws.client("acm")
        .get_paginator("list_certificates")
        .paginate(Includes={"keyTypes": KEYS}, PaginationConfig={"PageSize": PAGE})
    )
    found: list[CertificateSummaryTypeDef] = []
    complete = unlisted = False
    for page in in_time(pages):
        for one in page["CertificateSummaryList"]:
            fitting = fits([one["DomainName"], *one.get("SubjectAlternativeNameSummaries", [])], host)
            found += [one] if fitting else []
            unlisted |= not fitting and one.get("HasAdditionalSubjectAlternativeNames", False)
        complete = not page.get("NextToken")
    found.sort(key=lambda one: one.get("CreatedAt", one.get("ImportedAt", LATEST)), reverse=True)
    return Known(found, complete and not unlisted)


def record(aws: Session, arn: str, host: str) -> Record | None:
    """Return the CNAME that validates a certificate for a host; None where there is none, or none yet."""
    options = (
        aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"].get("DomainValidationOptions", [])
    )
    asked = [one["ResourceRecord"] for one in options if "ResourceRecord" in one and fits([one["DomainName"]], host)]
    return Record(asked[0]["Name"], asked[0]["Value"]) if asked else None


def request(aws: Session, host: str, known: Known) -> str:
    """Ask for a certificate, to be validated by DNS; return its ARN.

    The same question again within an hour, as after an interruption, has the same answer.
    """
    former = known.requested["CertificateArn"] if known.requested else ""
    token = hashlib.sha256(f"{host} {former}".encode()).hexdigest()[:32]
    asked = aws.client("acm").request_certificate(DomainName=host, ValidationMethod="DNS", IdempotencyToken=token)
    return asked["CertificateArn"]


def awaited_record(aws: Session, arn: str, host: str) -> Record:
    """Return the record as soon as ACM tells it.

    Raises:
        TimeoutError: when that takes longer than it usually does.
    """
    for _ in range(LOOKS):
        found = record(aws, arn, host)
        if found:
            return found
        time.sleep(SECONDS)
    raise TimeoutError(say("ACM does not tell the record of {certificate} yet", certificate=arn))


def attached(aws: Session, parameters: ListenerParameters) -> "list[CertificateDetailTypeDef]":
    """Read the certificates that a listener has, its default one first.

    Raises:
        NotFound: when there is no such listener.
    """
    elb, acm, found = aws.client("elbv2"), aws.client("acm"), listener(aws, parameters)
    pages = elb.get_paginator("describe_listener_certificates").paginate(ListenerArn=found["ListenerArn"])
    arns = [one["CertificateArn"] for one in found.get("Certificates", [])]
    arns += [one["CertificateArn"] for page in pages for one in page["Certificates"]]
    return [acm.describe_certificate(CertificateArn=arn)["Certificate"] for arn in dict.fromkeys(arns)]


def served(attached: "list[CertificateDetailTypeDef]", host: str) -> "CertificateDetailTypeDef | None":
    """Choose, as a load balancer does, what a host's clients get: the best that is for the host, or the default one.

    Source: Elastic Load Balancing, "SSL certificates for your Application Load Balancer": elliptic curves before RSA,
    then what has not expired.
    """
    own = [one for one in attached if fits(one["SubjectAlternativeNames"], host)]
    best = max(own, key=lambda one: (one["KeyAlgorithm"].startswith("EC"), one["NotAfter"]), default=None)
    return best or next(iter(attached), None)


def valid(certificate: "CertificateSummaryTypeDef | CertificateDetailTypeDef") -> bool:
    """Say whether a certificate is issued, and now is between its dates."""
    issued = certificate["Status"] == "ISSUED" and "NotAfter" in certificate
    return issued and certificate["NotBefore"] <= datetime.now(UTC) < certificate["NotAfter"]
