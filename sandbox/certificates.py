"""What ACM does on its own time: issue what was validated, warn before certificates end; all by one test authority."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from moto.acm import acm_backends
from moto.acm.models import CertBundle
from moto.route53 import route53_backends

from sandbox import events
from sandbox.account import ACCOUNT, home
from sandbox.patches.acm import days_left, in_use, validation_record
from sandbox.speed import sandbox_seconds

VALIDATION_SECONDS = 300.0  # on AWS: minutes from the record to the certificate
GIVEN_UP_SECONDS = 72 * 3600.0
DAY_SECONDS = 86_400.0
LIFE = timedelta(days=395)
AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and its authority's certificate, as PEM."""

    certificate: bytes
    key: bytes
    chain: bytes

    @property
    def material(self) -> dict[str, bytes]:
        """What ImportCertificate takes."""
        return {"Certificate": self.certificate, "PrivateKey": self.key, "CertificateChain": self.chain}


class Certificates:
    """The authority, and ACM's work: `tick` does what is due."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.validation_seconds, self.given_up_seconds = VALIDATION_SECONDS, GIVEN_UP_SECONDS
        self._recorded: dict[str, float] = {}
        self._warned: dict[str, float] = {}

    def issue(self, *names: str, life: timedelta = LIFE, key: trustme.KeyType = trustme.KeyType.ECDSA) -> Issued:
        """Issue a certificate for host names that ends after `life`."""
        start, end = datetime.now(UTC) - timedelta(days=90), datetime.now(UTC) + life
        leaf = self.authority.issue_cert(*names, common_name=names[0], not_before=start, not_after=end, key_type=key)
        return Issued(leaf.cert_chain_pems[0].bytes(), leaf.private_key_pem.bytes(), self.authority.cert_pem.bytes())

    def tick(self) -> None:
        """Move every request on, and send today's warnings."""
        for bundle in list(acm_backends[ACCOUNT][home()]._certificates.values()):  # noqa: SLF001  moto has no other way
            bundle.check()
            if bundle.status == "PENDING_VALIDATION":
                self._validate(bundle)
            elif bundle.status == "ISSUED":
                self._warn(bundle)

    def forget(self) -> None:
        """Forget what was warned of."""
        self._warned.clear()
        self._recorded.clear()

    def _validate(self, bundle: CertBundle) -> None:
        age = (datetime.now(UTC).replace(tzinfo=None) - bundle.created_at).total_seconds()
        if any(_forbidden(name) for name in bundle.sans):
            bundle.status, bundle.failure = "FAILED", "CAA_ERROR"  # type: ignore[attr-defined]
        elif age > sandbox_seconds(self.given_up_seconds):
            bundle.status = "VALIDATION_TIMED_OUT"
        elif not all(_recorded(name) for name in bundle.sans):
            self._recorded.pop(bundle.arn, None)
        elif time.monotonic() - self._recorded.setdefault(bundle.arn, time.monotonic()) > sandbox_seconds(
            self.validation_seconds
        ):
            self._issued(bundle)

    def _issued(self, bundle: CertBundle) -> None:
        issued = self.issue(*bundle.sans, key=trustme.KeyType.RSA)
        made = CertBundle(ACCOUNT, issued.certificate, issued.key, issued.chain, home(), bundle.arn, "AMAZON_ISSUED")
        kept = {"created_at": bundle.created_at, "tags": bundle.tags, "cert_options": bundle.cert_options}
        vars(bundle).update({**vars(made), **kept, "status": "ISSUED"})
        detail = {**_described(bundle), "Action": "ISSUANCE", "DomainValidationMethod": "DNS"}
        events.put_event("aws.acm", "ACM Certificate Available", detail, [bundle.arn])

    def _warn(self, bundle: CertBundle) -> None:
        days = days_left(bundle)
        first = acm_backends[ACCOUNT][home()]._account_config.days_before_expiry  # noqa: SLF001  likewise
        last = self._warned.get(bundle.arn)
        due = last is None or time.monotonic() - last > sandbox_seconds(DAY_SECONDS)
        if 1 <= days <= first and due:  # it looks once a day: nobody is warned on the last one
            self._warned[bundle.arn] = time.monotonic()
            detail = {"DaysToExpiry": days, "CommonName": bundle.common_name}
            events.put_event("aws.acm", "ACM Certificate Approaching Expiration", detail, [bundle.arn])


def _described(bundle: CertBundle) -> dict[str, Any]:
    return {
        "CertificateType": bundle.type,
        "CommonName": bundle.common_name,
        "CertificateCreatedDate": bundle.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "CertificateExpirationDate": bundle._cert.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),  # noqa: SLF001  likewise
        "DaysToExpiry": days_left(bundle),
        "InUse": bool(in_use(bundle.arn)),
        "Exported": False,
    }


def _recorded(name: str) -> bool:
    wanted = validation_record(name)
    return any(
        record.name == wanted["Name"] and record.type == "CNAME" and wanted["Value"].rstrip(".") in _values(record)
        for record in _records()
    )


def _forbidden(name: str) -> bool:
    """Tell whether the closest CAA records above a name name other authorities only."""
    parts = name.removeprefix("*.").split(".")
    for parent in (".".join(parts[at:]) + "." for at in range(len(parts) - 1)):
        found = [record for record in _records() if record.type == "CAA" and record.name == parent]
        if found:
            issuers = {value.split('"')[1] for record in found for value in record.records if " issue " in value}
            return not issuers & AMAZON
    return False


def _records() -> list[Any]:
    zones = list(route53_backends[ACCOUNT]["aws"].zones.values())
    return [record for zone in zones if not zone.private_zone for record in list(zone.rrsets)]


def _values(record: Any) -> list[str]:
    return [value.rstrip(".") for value in record.records]
