"""SES: whether the account may send, and MAIL FROM domains and DKIM of identities, which moto lacks.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
"""

import json
from typing import Any

from moto.ses.models import EmailIdentity
from moto.sesv2.responses import SESV2Response
from moto.sesv2.urls import url_paths

from sandbox.patches.replaced import replace
from sandbox.untyped import Model

ACCOUNT, IDENTITY = "/v2/email/account", "/v2/email/identities/(?P<EmailIdentity>[^/]+)"
_NEW = {  # an account that nobody has asked for production access to SES
    "DedicatedIpAutoWarmupEnabled": False,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": False,
    "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 0.0},
    "SendingEnabled": True,
}


def account(backend: Model) -> dict[str, Any]:
    """Return what SES tells of the account in a region, to be changed."""
    told: dict[str, Any] = backend.core_backend.__dict__.setdefault("sandbox_account", dict(_NEW))
    return told


def get_account(self: Model) -> str:
    """GetAccount: as it was set."""
    return json.dumps(account(self.sesv2_backend))


def put_account_sending_attributes(self: Model) -> str:
    """PutAccountSendingAttributes: sending on or off."""
    account(self.sesv2_backend)["SendingEnabled"] = bool(self._get_param("SendingEnabled"))
    return "{}"


def put_account_details(self: Model) -> str:
    """PutAccountDetails: production access is given at once, which on AWS takes a day."""
    account(self.sesv2_backend)["ProductionAccessEnabled"] = bool(self._get_param("ProductionAccessEnabled"))
    return "{}"


def put_email_identity_mail_from_attributes(self: Model) -> str:
    """PutEmailIdentityMailFromAttributes: its records are found at once; without a domain it has none any more."""
    domain = self._get_param("MailFromDomain")
    found = {"MailFromDomain": domain, "MailFromDomainStatus": "SUCCESS", "BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    _identity(self).__dict__["sandbox_mail_from"] = found if domain else {}
    return "{}"


def put_email_identity_dkim_attributes(self: Model) -> str:
    """PutEmailIdentityDkimAttributes: its records are found at once."""
    enabled = bool(self._get_param("SigningEnabled"))
    _identity(self).dkim_attributes |= {"SigningEnabled": enabled, "Status": "SUCCESS"}
    return "{}"


def _identity(self: Model) -> Model:
    return self.sesv2_backend.get_email_identity(self._get_param("EmailIdentity"))


def _told(self: Model) -> dict[str, Any]:
    told = replace.original(EmailIdentity, "get_response_object").fget(self)
    return {**told, "MailFromAttributes": self.__dict__.get("sandbox_mail_from", {})}


def install() -> None:
    """Answer what moto does not, where its server finds it."""
    response: Any = SESV2Response
    response.get_account = get_account
    response.put_account_details = put_account_details
    response.put_account_sending_attributes = put_account_sending_attributes
    response.put_email_identity_dkim_attributes = put_email_identity_dkim_attributes
    response.put_email_identity_mail_from_attributes = put_email_identity_mail_from_attributes
    replace(EmailIdentity, "get_response_object", property(_told))
    paths = (ACCOUNT, f"{ACCOUNT}/details", f"{ACCOUNT}/sending", f"{IDENTITY}/dkim", f"{IDENTITY}/mail-from")
    url_paths.update({f"{{0}}{path}$": SESV2Response.dispatch for path in paths})
