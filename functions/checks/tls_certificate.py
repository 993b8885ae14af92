"""Which certificate does the public endpoint present?"""

from datetime import UTC, datetime
from http.client import HTTPException
from typing import Annotated

from pydantic import Field

from functions.core import tls
from functions.core.aws import Session
from functions.core.certificates import fits
from functions.core.check import check
from functions.core.fields import HostName, Port
from functions.core.language import marked, say
from functions.core.results import Finding, Parameters, shortened
from functions.core.template import readable

SHOWN = 5
TOLD = marked("{host} presents a certificate for {names} by {issuer}, valid until {not_after} ({days} days)")


class TlsCertificate(Parameters):
    """A host and port, and how many days before its certificate ends people want to know."""

    host: HostName
    port: Port
    days: Annotated[int, Field(ge=1, le=365)]


@check(
    signals={
        "no-handshake": "The endpoint completes no TLS handshake",
        "expired": "The certificate that the endpoint presents has expired, or is not valid yet",
        "near-expiry": "The certificate that the endpoint presents expires soon",
        "wrong-name": "The certificate that the endpoint presents is for other names",
        "untrusted": "Nobody whom browsers trust vouches for the certificate that the endpoint presents",
    }
)
def handler(parameters: TlsCertificate, _aws: Session) -> Finding:
    """Which certificate does the endpoint present? Source: ganopa-bot runbook 3, Validation."""
    host = parameters.host
    try:
        found = tls.presented(host, parameters.port)
    except (OSError, HTTPException) as error:
        return Finding(
            summary=say("{host}: no TLS handshake", host=host), signals={"no-handshake": True}, evidence=[str(error)]
        )
    now = datetime.now(UTC)
    days, valid = (found.until - now).days, found.since <= now <= found.until
    names = readable(shortened(found.names, SHOWN))
    facts = {"issuer": found.issuer, "not_after": f"{found.until:%Y-%m-%d %H:%M:%S}", "days": days}
    told = say(TOLD, host=host, names=names, **facts)
    return Finding(
        summary=say("{told}, not trusted: {why}", told=told, why=found.distrust) if found.distrust else told,
        signals={
            "no-handshake": False,
            "expired": not valid,
            "near-expiry": valid and days < parameters.days,
            "wrong-name": not fits(found.names, host),
            "untrusted": bool(found.distrust),
        },
        facts=facts | {"names": found.names},
    )
