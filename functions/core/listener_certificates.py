"""The certificates that a load balancer's listener has, and which of them a host's clients get."""

from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.certificates import Known, describe, fits
from functions.core.reading import until
from functions.core.routing import ListenerParameters, listener

if TYPE_CHECKING:
    from types_boto3_acm.type_defs import CertificateDetailTypeDef

PAGE = 400


class Attached(NamedTuple):
    """A listener's certificates: all ARNs, the default's first; it and those that may be a host's; were all read?"""

    arns: list[str]
    described: "list[CertificateDetailTypeDef]"
    complete: bool

    def served(self, host: str) -> "CertificateDetailTypeDef | None":
        """Choose, as a load balancer does, what a host's clients get: the best that is for it, or the default one.

        Source: Elastic Load Balancing, "SSL certificates for your Application Load Balancer": elliptic curves before
        RSA, then what has not expired.
        """
        own = [one for one in self.described if fits(one["SubjectAlternativeNames"], host)]
        best = max(own, key=lambda one: (one["KeyAlgorithm"].startswith("EC"), one["NotAfter"]), default=None)
        return best or next(iter(self.described), None)


def read(aws: Session, parameters: ListenerParameters, known: Known, over: float) -> Attached:
    """Read a listener's certificates, but for those that are known to be for other hosts, until the time is over.

    Raises:
        NotFound: when there is no such listener.
    """
    elb, found = aws.client("elbv2"), listener(aws, parameters)
    pages = elb.get_paginator("describe_listener_certificates").paginate(
        ListenerArn=found["ListenerArn"], PaginationConfig={"PageSize": PAGE}
    )
    listed, more = [one["CertificateArn"] for one in found.get("Certificates", [])], False
    for page in until(over, pages):
        listed += [one["CertificateArn"] for one in page["Certificates"]]
        more = bool(page.get("NextMarker"))
    arns = list(dict.fromkeys(listed))
    wanted = arns[:1] + [arn for arn in arns[1:] if arn not in known.others]
    described = [describe(aws, arn) for arn in until(over, wanted)]
    return Attached(arns, described, not more and len(described) == len(wanted))
