"""An account's certificates: imported from a test authority, or asked of ACM."""

from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from cryptography.x509 import load_pem_x509_certificate
from moto.acm import acm_backends
from moto.acm.models import CertBundle

from functions.core.aws import Session
from sandbox.patches import acm
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT

HOST = "api.maisonganopa.com"
AUTHORITY = trustme.CA()


class Certificates:
    """ACM, as it pages and tells on AWS."""

    def __init__(self, operator: Session) -> None:
        acm.install()
        self.acm = operator.client("acm")

    def add(self, *names: str, days: float = 90, key: trustme.KeyType = trustme.KeyType.ECDSA) -> str:
        """Import a certificate for names that ends in so many days; return its ARN."""
        end = datetime.now(UTC) + timedelta(days=days)
        dates = {"not_before": end - timedelta(days=365), "not_after": end}
        valid, wanted = (
            AUTHORITY.issue_cert(*names, common_name=names[0], key_type=key, **given)  # type: ignore[arg-type]
            for given in ({}, dates)
        )
        arn = self.acm.import_certificate(  # which takes only what is valid now
            Certificate=valid.cert_chain_pems[0].bytes(),
            PrivateKey=valid.private_key_pem.bytes(),
            CertificateChain=AUTHORITY.cert_pem.bytes(),
        )["CertificateArn"]
        self.bundle(arn)._cert = load_pem_x509_certificate(wanted.cert_chain_pems[0].bytes())  # noqa: SLF001
        return arn

    def request(self, host: str = HOST, status: str = "PENDING_VALIDATION", days_ago: int = 0) -> str:
        """Ask for a certificate, which has come to some status; return its ARN."""
        arn = self.acm.request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]
        self.bundle(arn).status = status
        self.bundle(arn).created_at -= timedelta(days=days_ago)
        return arn

    def bundle(self, arn: str) -> CertBundle:
        """Return a certificate as moto keeps it."""
        return acm_backends[ACCOUNT][REGION]._certificates[arn]  # noqa: SLF001

    def record(self, arn: str) -> Any:
        """Return the record that validates a certificate."""
        return self.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0][
            "ResourceRecord"
        ]


class Zone:
    """A zone of Route 53, and its records."""

    def __init__(self, operator: Session, name: str = "maisonganopa.com", *, private: bool = False) -> None:
        self.route53 = operator.client("route53")
        config: Any = {"HostedZoneConfig": {"PrivateZone": True}} if private else {}
        made = self.route53.create_hosted_zone(Name=name, CallerReference=name, **config)
        self.id = made["HostedZone"]["Id"].rpartition("/")[2]

    def write(self, name: str, value: str, kind: Any = "CNAME") -> None:
        """Write a record."""
        records = {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        batch: Any = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": records}]}
        self.route53.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=batch)

    def records(self) -> list[Any]:
        """Look at the zone's records as an operator would, but for what every zone has."""
        found = self.route53.list_resource_record_sets(HostedZoneId=self.id)["ResourceRecordSets"]
        return [one for one in found if one["Type"] not in ("NS", "SOA")]
