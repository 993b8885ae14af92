"""ACM as on AWS where moto differs: pages, key types, what is told of requests, use and renewal.

sandbox/certificates.py issues what was validated.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from moto.acm.exceptions import AWSError
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult
from moto.elbv2 import elbv2_backends

from sandbox.account import ACCOUNT
from sandbox.patches.replaced import replace
from sandbox.untyped import Model

LISTED_BY_DEFAULT = ["RSA_1024", "RSA_2048"]  # AWS: other key types are listed only where asked for
PAGE = 1000
SUMMARIES = 100  # names of each certificate that a list shows
VALIDITY = ("NotBefore", "NotAfter", "Serial", "Issuer", "IssuedAt")


def days_left(bundle: CertBundle) -> int:
    """Return the whole days until a certificate ends."""
    return int((bundle._cert.not_valid_after_utc - datetime.now(UTC)).days)


def in_use(arn: str) -> list[str]:
    """Return the ARNs of the load balancers whose listeners present a certificate."""
    balancers = elbv2_backends[ACCOUNT][arn.split(":")[3]].load_balancers.values()
    return [
        balancer.arn
        for balancer in list(balancers)
        if any(arn in listener.certificates for listener in list(balancer.listeners.values()))
    ]


def validation_record(name: str) -> dict[str, str]:
    """Return the CNAME that proves control of a name: the same for all of an account's requests, and its wildcard's."""
    domain = name.removeprefix("*.")
    digest = hashlib.sha256(f"{ACCOUNT} {domain}".encode()).hexdigest()
    value = f"_{digest[32:]}.{digest[:10].translate(str.maketrans('0123456789', 'ghijklmnop'))}.acm-validations.aws."
    return {"Name": f"_{digest[:32]}.{domain}.", "Type": "CNAME", "Value": value}


def _check(self: CertBundle) -> None:
    if self.status == "ISSUED" and self._cert.not_valid_after_utc <= datetime.now(UTC):
        self.status = "EXPIRED"


def _describe(self: CertBundle) -> dict[str, Any]:
    told: dict[str, Any] = replace.original(CertBundle, "describe")(self)
    certificate = told["Certificate"]
    certificate["InUseBy"] = in_use(self.arn)
    certificate["SubjectAlternativeNameSummaries"] = self.sans[:SUMMARIES]
    certificate["HasAdditionalSubjectAlternativeNames"] = len(self.sans) > SUMMARIES
    if self.type == "AMAZON_ISSUED":
        _describe_request(self, certificate)
        _describe_renewal(self, certificate)
    return told


def _describe_request(self: CertBundle, certificate: dict[str, Any]) -> None:
    for option in certificate["DomainValidationOptions"]:
        option["ResourceRecord"] = validation_record(option["DomainName"])
        issued = self.status in ("ISSUED", "EXPIRED")
        option["ValidationStatus"] = (
            "SUCCESS" if issued else "PENDING_VALIDATION" if self.status == "PENDING_VALIDATION" else "FAILED"
        )
    if self.status not in ("ISSUED", "EXPIRED"):
        for name in VALIDITY:
            certificate.pop(name, None)
    if self.status == "FAILED":
        certificate["FailureReason"] = getattr(self, "failure", "OTHER")


def _describe_renewal(self: CertBundle, certificate: dict[str, Any]) -> None:
    """Tell that ACM renews what is in use, and how far it is where `sandbox_renewal` names a RenewalStatus."""
    if self.status == "ISSUED" and certificate["InUseBy"]:
        certificate["RenewalEligibility"] = "ELIGIBLE"
    status = self.__dict__.get("sandbox_renewal")
    if status:
        options = certificate["DomainValidationOptions"]
        certificate["RenewalSummary"] = {
            "RenewalStatus": status,
            "DomainValidationOptions": options,
            "UpdatedAt": certificate["CreatedAt"],
        }


def _list(self: Model, statuses: list[str], includes: dict[str, Any] | None) -> list[CertBundle]:
    wanted = {"keyTypes": LISTED_BY_DEFAULT, **(includes or {})}
    return list(replace.original(AWSCertificateManagerBackend, "list_certificates")(self, statuses, wanted))


def _list_certificates(self: Model) -> ActionResult:
    told = replace.original(AWSCertificateManagerResponse, "list_certificates")(self).result
    first = int(self._get_param("NextToken") or 0)
    last = first + int(self._get_param("MaxItems") or PAGE)
    listed = told["CertificateSummaryList"]
    token = {"NextToken": str(last)} if last < len(listed) else {}
    return ActionResult({"CertificateSummaryList": listed[first:last], **token})


def _get_certificate(self: Model) -> ActionResult:
    arn = self._get_param("CertificateArn")
    if self.acm_backend.get_certificate(arn).status == "PENDING_VALIDATION":
        raise AWSError(f"Certificate with ARN {arn} is not issued yet", exception_type="RequestInProgressException")
    return ActionResult(replace.original(AWSCertificateManagerResponse, "get_certificate")(self).result)


def _request_certificate(self: Model) -> ActionResult:
    if self._get_param("CertificateAuthorityArn") or self._get_param("ValidationMethod") != "DNS":
        raise NotImplementedError("only public certificates, validated by DNS")
    return ActionResult(replace.original(AWSCertificateManagerResponse, "request_certificate")(self).result)


def _delete_certificate(self: Model, arn: str) -> None:
    if in_use(arn):
        raise AWSError(f"Certificate {arn} is in use.", exception_type="ResourceInUseException")
    replace.original(AWSCertificateManagerBackend, "delete_certificate")(self, arn)
    tokens = self._idempotency_tokens
    self._idempotency_tokens = {token: known for token, known in tokens.items() if known["arn"] != arn}


def install() -> None:
    """Replace what differs."""
    replace(CertBundle, "check", _check)
    replace(CertBundle, "describe", _describe)
    replace(AWSCertificateManagerBackend, "list_certificates", _list)
    replace(AWSCertificateManagerBackend, "delete_certificate", _delete_certificate)
    replace(AWSCertificateManagerResponse, "list_certificates", _list_certificates)
    replace(AWSCertificateManagerResponse, "get_certificate", _get_certificate)
    replace(AWSCertificateManagerResponse, "request_certificate", _request_certificate)
