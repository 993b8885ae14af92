"""What SES knows of the domains and addresses that mail is sent from."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from functions.core.aws import Session
from functions.core.listed import Listed, listed
from functions.core.reading import over, until

# Not in the service's own region only, as {region} would be
ANY = "arn:aws:ses:*:{account}:identity/*"
PAGE = 1000
SHARE = 2  # of the time, for the list and for its domains
OWN = "DOMAIN"  # not an address, nor a domain that AWS itself manages
UNDECIDED = {None, "TEMPORARY_FAILURE"}  # SES could not find out


class Domain(NamedTuple):
    """What is wrong with a domain's mail, None for unknown, and SES's words for it."""

    name: str
    no_dkim: bool | None
    no_mail_from: bool | None
    words: str


def read(aws: Session, region: str) -> Listed[Any]:
    """List the identities, in time."""
    return listed(_pages(aws.client("sesv2", region)), lambda page: page["EmailIdentities"], SHARE)


def unverified(identity: dict[str, Any]) -> bool | None:
    """Say whether one that was listed is not verified."""
    return _fails(identity.get("VerificationStatus"))


def domains(aws: Session, region: str, found: Listed[Any]) -> Listed[Domain]:
    """Ask for each domain, one after the other: SES answers such a question once a second, more are refused."""
    names = [one["IdentityName"] for one in found.found if one["IdentityType"] == OWN]
    ses: Any = aws.client("sesv2", region)
    asked = [_domain(name, ses.get_email_identity(EmailIdentity=name)) for name in until(over(SHARE), names)]
    return Listed(asked, found.whole and len(asked) == len(names))


def _pages(ses: Any) -> Iterator[dict[str, Any]]:
    """Give the pages of the list, which botocore has no paginator for."""
    page = ses.list_email_identities(PageSize=PAGE)
    yield page
    while page.get("NextToken"):
        page = ses.list_email_identities(PageSize=PAGE, NextToken=page["NextToken"])
        yield page


def _domain(name: str, told: dict[str, Any]) -> Domain:
    dkim, mail_from = told.get("DkimAttributes", {}), told.get("MailFromAttributes", {})
    status, signing = dkim.get("Status"), dkim.get("SigningEnabled")
    own = mail_from.get("MailFromDomainStatus", "NONE")  # which SES does not say where there is none
    words = f"DkimAttributes.Status {status}, SigningEnabled {signing}, MailFromDomainStatus {own}"
    return Domain(name, True if signing is False else _fails(status), _fails(own), words)


def _fails(status: str | None) -> bool | None:
    return None if status in UNDECIDED else status != "SUCCESS"
