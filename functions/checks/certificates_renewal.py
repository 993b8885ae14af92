"""Will the certificates that are in use be renewed in time?"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from functions.core import renewals
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import proven, told
from functions.core.permissions import allow
from functions.core.regional import InRegion
from functions.core.results import Finding

TOLD = marked("{total} certificates in use: {expiring} end within {days} days, {stuck} are not renewed by ACM")


class CertificatesRenewal(InRegion):
    """A region, and the days that a certificate should last at least."""

    days: Annotated[int, Field(ge=1, le=365)]


@check(
    allow("acm:ListCertificates"),
    allow("acm:DescribeCertificate", on=renewals.ANY),
    signals={
        "expires-soon": "A certificate in use has expired, or ends in fewer days than asked for",
        "not-renewed": "A certificate in use is not renewed by ACM: somebody has to act before it ends",
        "none": "No certificate of ACM is in use here",
    },
)
def handler(parameters: CertificatesRenewal, aws: Session) -> Finding:
    """Are certificates renewed? Source: Huntaze, 3 "Failover (LB/Route53)", "ACM renouvellement"."""
    used = renewals.used(aws, parameters.region)
    soon = datetime.now(UTC) + timedelta(days=parameters.days)
    expiring = [one for one in used.found if one.ends_by(soon)]
    stuck = [one for one in used.found if one.stuck]
    text = say(TOLD, total=len(used.found), expiring=len(expiring), days=parameters.days, stuck=len(stuck))
    return Finding(
        summary=told(text, whole=used.whole),
        signals={
            "expires-soon": proven([one.ends_by(soon) for one in used.found], whole=used.whole),
            "not-renewed": proven([one.stuck for one in used.found], whole=used.whole),
            "none": used.none,
        },
        facts={
            "certificates": len(used.found),
            "expiring": [one.name for one in expiring],
            "not_renewed": [one.name for one in stuck],
        },
        evidence=[one.line for one in used.found if one in expiring or one in stuck],
    )
