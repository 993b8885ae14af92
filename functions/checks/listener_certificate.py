"""Which certificate does the load balancer's listener have for the host, and does ACM have a better one?"""

from datetime import UTC, datetime
from typing import Any

from functions.core import certificates, listener_certificates
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import HostName
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.results import Finding
from functions.core.routing import ListenerParameters
from functions.core.template import readable

TOLD = marked("attached for {host}: {attached} ({status}, valid until {not_after}); better ones: {usable}")


class ListenerCertificate(ListenerParameters):
    """A listener, and the host that it has to have a certificate for."""

    host: HostName


@check(
    allow("elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeListenerCertificates"),
    allow("acm:ListCertificates"),
    allow("acm:DescribeCertificate", on=certificates.ANY),
    signals={
        "none-attached": "The listener has no certificate",
        "attached-expired": "The listener's certificate for the host has expired",
        "attached-wrong-name": "No certificate of the listener is for the host",
        "attached-not-issued": "The listener's certificate for the host was revoked, or is not issued",
        "usable-not-attached": "ACM has a valid certificate for the host that is better than those of the listener",
    },
)
def handler(parameters: ListenerCertificate, aws: Session) -> Finding:
    """Is a valid certificate for the host attached? Source: ganopa-bot runbook 3, Checks CLI 1 and 2."""
    end = over()
    known = certificates.of_host(aws, parameters.host, end)
    attached = listener_certificates.read(aws, parameters, known, end)
    served: Any = attached.served(parameters.host) or {}
    status, until = served.get("Status"), served.get("NotAfter")
    wrong = bool(served) and not certificates.fits(served["SubjectAlternativeNames"], parameters.host)
    least = until if served and certificates.valid(served) and not wrong else datetime.now(UTC)
    others = [one for one in known.found if certificates.valid(one) and one["CertificateArn"] not in attached.arns]
    better = [one for one in others if one["NotAfter"] > least]
    usable = max(better, key=lambda one: one["NotAfter"])["CertificateArn"] if better else None
    expired = status == "EXPIRED" or (until is not None and until <= datetime.now(UTC))
    facts = {
        "attached": served.get("CertificateArn"),
        "status": status,
        "not_after": f"{until:%Y-%m-%d %H:%M:%S}" if until else None,
        "usable": usable,
    }
    told = say(TOLD, host=parameters.host, **{name: readable(fact) for name, fact in facts.items()})
    answers = {
        "attached-expired": expired,
        "attached-wrong-name": wrong,
        "attached-not-issued": bool(served) and not expired and status != "ISSUED",
        "usable-not-attached": bool(better) or (False if known.complete else None),
    }
    return Finding(
        summary=told if known.complete and attached.complete else certificates.cut(told),
        signals={"none-attached": not served} | (answers if attached.complete else {}),
        facts=facts | {"names": served.get("SubjectAlternativeNames", [])},
    )
