"""SES: the account may send, from a domain that signs and from an address."""

from __future__ import annotations

from typing import Any

from moto.sesv2.models import sesv2_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.place import APP, DOMAIN
from sandbox.huntaze.undo import Undo
from sandbox.patches.sesv2 import account

ADDRESS = "support@huntaze.example"  # of another domain, so that only its own verification counts
QUOTA = {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 12.0}
MAIL_FROM = {"MailFromDomain": f"mail.{DOMAIN}"}


def build() -> None:
    """Ask for production access, and verify both."""
    ses = APP.aws("sesv2")
    site = {"MailType": "TRANSACTIONAL", "WebsiteURL": f"https://{DOMAIN}"}
    ses.put_account_details(**site, ProductionAccessEnabled=True)
    account(sesv2_backends[ACCOUNT][APP.region])["SendQuota"] = QUOTA
    ses.create_email_identity(EmailIdentity=ADDRESS)
    _domain()


def look() -> Any:
    """Return what is to stay as it is."""
    ses = APP.aws("sesv2")
    told = ses.get_account()
    identities = ses.list_email_identities()["EmailIdentities"]
    of_domain = ses.get_email_identity(EmailIdentity=DOMAIN) if len(identities) > 1 else {}
    return (
        [told[field] for field in ("ProductionAccessEnabled", "SendingEnabled")],
        sorted((one["IdentityName"], one["VerificationStatus"]) for one in identities),
        of_domain.get("DkimAttributes"),
        of_domain.get("MailFromAttributes"),
    )


def sandbox(undo: Undo) -> None:
    """The account is in SES's own sandbox."""
    told = account(sesv2_backends[ACCOUNT][APP.region])
    undo.callback(told.update, dict(told))
    told["ProductionAccessEnabled"] = False


def sending_off(undo: Undo) -> None:
    """SES has paused sending, because too much came back."""
    switch = APP.aws("sesv2").put_account_sending_attributes
    undo.call(switch, {}, wrong={"SendingEnabled": False}, good={"SendingEnabled": True})


def unverified(undo: Undo) -> None:
    """An address was added, and nobody has pressed the link in its mail."""
    identity = sesv2_backends[ACCOUNT][APP.region].get_email_identity(ADDRESS)
    undo.set(identity, verification_status="PENDING")


def no_dkim(undo: Undo) -> None:
    """Somebody has switched the domain's signatures off."""
    switch = APP.aws("sesv2").put_email_identity_dkim_attributes
    undo.call(switch, {"EmailIdentity": DOMAIN}, wrong={"SigningEnabled": False}, good={"SigningEnabled": True})


def no_mail_from(undo: Undo) -> None:
    """Somebody has taken the domain's MAIL FROM domain away."""
    put = APP.aws("sesv2").put_email_identity_mail_from_attributes
    undo.call(put, {"EmailIdentity": DOMAIN}, wrong={}, good=MAIL_FROM)


def no_domain(undo: Undo) -> None:
    """Somebody has deleted the domain; only the address is left."""
    APP.aws("sesv2").delete_email_identity(EmailIdentity=DOMAIN)
    undo.callback(_domain)


def _domain() -> None:
    ses, which = APP.aws("sesv2"), {"EmailIdentity": DOMAIN}
    ses.create_email_identity(**which)
    ses.put_email_identity_dkim_attributes(**which, SigningEnabled=True)
    ses.put_email_identity_mail_from_attributes(**which, **MAIL_FROM)
