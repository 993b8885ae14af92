"""Lets a load balancer's listener present another certificate."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import certificates, routing
from functions.core.aws import Session
from functions.core.errors import Refused
from functions.core.fix import Changes, fix
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Change

CertificateArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[A-Za-z0-9-]+$")
]


class AttachCertificate(routing.ListenerParameters):
    """A listener, and the certificate of ACM, by ARN, that it is to present."""

    certificate: CertificateArn


@fix(
    allow("elasticloadbalancing:DescribeListeners"),
    allow(
        "elasticloadbalancing:ModifyListener",
        on="arn:aws:elasticloadbalancing:{region}:{account}:listener/{of_load_balancer}/*",
    ),
    allow("acm:DescribeCertificate", on=certificates.ANY),
    effect="Makes {certificate} the default certificate of the listener on port {port} of {load_balancer}",
    risk="medium",
    radius="Who connects to port {port} for a host that the listener has no other certificate for",
)
def handler(parameters: AttachCertificate, aws: Session) -> Changes:
    """Attach a valid certificate; the listener's other ones stay. Source: ganopa-bot runbook 3, Fix 2.

    Raises:
        Refused: when the certificate is not valid.
    """
    wanted, found = parameters.certificate, routing.listener(aws, parameters)
    if not certificates.valid(aws.client("acm").describe_certificate(CertificateArn=wanted)["Certificate"]):
        raise Refused(say("{certificate} is not issued, or not valid now", certificate=wanted))
    arn, before = found["ListenerArn"], [one["CertificateArn"] for one in found.get("Certificates", [])]
    yield Change(
        before={"certificate": before},
        after={"certificate": [wanted]},
        undo={"ListenerArn": arn, "Certificates": [{"CertificateArn": one} for one in before]},
    )
    aws.client("elbv2").modify_listener(ListenerArn=arn, Certificates=[{"CertificateArn": wanted}])


@handler.undo("Lets the listener present the certificate it had before")
def revert(undo: dict[str, Any], aws: Session) -> None:
    """Put the former certificate back."""
    aws.client("elbv2").modify_listener(**undo)
