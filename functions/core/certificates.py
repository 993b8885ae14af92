"""Certificates: which hosts they are for, and which of them ACM has."""

import hashlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.language import say
from functions.core.reading import over, until

if TYPE_CHECKING:
    from types_boto3_acm.literals import KeyAlgorithmType
    from types_boto3_acm.type_defs import (
        CertificateDetailTypeDef,
        CertificateSummaryTypeDef,
        ListCertificatesResponseTypeDef,
    )

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
    """Certificates of ACM: those for a host, the newest first; the ARNs of those that are not; were all read?"""

    found: "list[CertificateSummaryTypeDef]"
    others: frozenset[str]
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


def of_host(aws: Session, host: str, end: float | None = None) -> Known:
    """Look for a host's certificates among all that ACM has, in time, or until an end that the caller sets."""
    end, sorted_ = over() if end is None else end, _Sorted(host)
    more, named = False, 0
    for page in until(end, pages(aws)):
        for one in page["CertificateSummaryList"]:
            names = [one["DomainName"], *one.get("SubjectAlternativeNameSummaries", [])]
            sorted_.take(one, names, whole=not one.get("HasAdditionalSubjectAlternativeNames", False))
        more = bool(page.get("NextToken"))
    for named, one in enumerate(until(end, sorted_.unlisted), start=1):  # noqa: B007
        sorted_.take(one, describe(aws, one["CertificateArn"])["SubjectAlternativeNames"], whole=True)
    complete = not more and named == len(sorted_.unlisted)
    return Known(sorted_.newest_first(), frozenset(sorted_.others), complete)


class _Sorted:
    """Certificates, by what their names say: for a host, for others, or not told by those names that ACM lists."""

    def __init__(self, host: str) -> None:
        self.host, self.others = host, set[str]()
        self.found: list[CertificateSummaryTypeDef] = []
        self.unlisted: list[CertificateSummaryTypeDef] = []

    def take(self, one: "CertificateSummaryTypeDef", names: list[str], *, whole: bool) -> None:
        if fits(names, self.host):
            self.found.append(one)
        elif whole:
            self.others.add(one["CertificateArn"])
        else:
            self.unlisted.append(one)

    def newest_first(self) -> "list[CertificateSummaryTypeDef]":
        return sorted(self.found, key=lambda one: one.get("CreatedAt", one.get("ImportedAt", LATEST)), reverse=True)


def cut(told: str) -> str:
    """Add to a text that there are certificates which it does not count in."""
    return say("{told}; there are more certificates than could be read", told=told)


def pages(aws: Session, region: str | None = None) -> "Iterable[ListCertificatesResponseTypeDef]":
    """List all certificates of a region, by default the function's own, a page at a time."""
    paginator = aws.client("acm", region).get_paginator("list_certificates")
    return paginator.paginate(Includes={"keyTypes": KEYS}, PaginationConfig={"PageSize": PAGE})


def describe(aws: Session, arn: str, region: str | None = None) -> "CertificateDetailTypeDef":
    """Read a certificate with all that ACM knows of it."""
    return aws.client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"]


def record(aws: Session, arn: str, host: str) -> Record | None:
    """Return the CNAME that validates a certificate for a host; None where there is none, or none yet."""
    options = describe(aws, arn).get("DomainValidationOptions", [])
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


def valid(certificate: "CertificateSummaryTypeDef | CertificateDetailTypeDef") -> bool:
    """Say whether a certificate is issued, and now is between its dates."""
    issued = certificate["Status"] == "ISSUED" and "NotAfter" in certificate
    return issued and certificate["NotBefore"] <= datetime.now(UTC) < certificate["NotAfter"]
