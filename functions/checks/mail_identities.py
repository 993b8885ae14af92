"""Are the domains and addresses that mail is sent from verified, and its domains' mails signed?"""

from functions.core import identities
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.regional import InRegion
from functions.core.results import Finding

SUMMARY = marked(
    "SES in {region}: {count} identities, {unverified} not verified; {domains} domains, {wrong} not in order"
)


class MailIdentities(InRegion):
    """A region."""


@check(
    allow("ses:ListEmailIdentities"),
    allow("ses:GetEmailIdentity", on=identities.ANY),
    signals={
        "unverified": "An identity that mail is sent from is not verified",
        "no-dkim": "Mail of a domain is not signed with DKIM",
        "no-mail-from": "A domain has no MAIL FROM domain of its own that works",
        "no-domain": "No identity here is a domain, which DKIM and MAIL FROM could be asked of",
        "none": "There is no identity here to send mail from",
    },
)
def handler(parameters: MailIdentities, aws: Session) -> Finding:
    """Are identities in order? Source: Huntaze, 3 "SES: sortie de sandbox (prod email)"; 5, SES."""
    found = identities.read(aws, parameters.region)
    domains = identities.domains(aws, parameters.region, found)
    unverified = [one for one in found.found if identities.unverified(one)]
    wrong = [one for one in domains.found if one.no_dkim or one.no_mail_from]
    counts = {"count": len(found.found), "unverified": len(unverified), "domains": len(domains.found)}
    text = say(SUMMARY, region=parameters.region, wrong=len(wrong), **counts)
    return Finding(
        summary=told(text, whole=domains.whole),
        signals={
            "unverified": found.any(identities.unverified),
            "no-dkim": domains.any(lambda one: one.no_dkim),
            "no-mail-from": domains.any(lambda one: one.no_mail_from),
            "no-domain": domains.none,
            "none": found.none,
        },
        facts={**counts, "whole": domains.whole},
        evidence=[
            *(f"{one['IdentityName']}: VerificationStatus {one.get('VerificationStatus')}" for one in unverified),
            *(f"{one.name}: {one.words}" for one in wrong),
        ],
    )
