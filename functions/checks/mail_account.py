"""May the account send mail in a region, and to anybody?"""

from typing import Any

from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.regional import InRegion
from functions.core.results import Finding
from functions.core.template import readable

SUMMARY = marked(
    "SES in {region}: ProductionAccessEnabled {production}, SendingEnabled {sending}, {quota} messages in 24 hours"
)


class MailAccount(InRegion):
    """A region."""


@check(
    allow("ses:GetAccount"),
    signals={
        "sandbox": "The account's mail is in the sandbox: only verified addresses receive it",
        "sending-off": "Sending mail is switched off for the account",
    },
)
def handler(parameters: MailAccount, aws: Session) -> Finding:
    """May mail be sent? Source: Huntaze, 3 "SES: sortie de sandbox (prod email)"; 5, SES."""
    ses: Any = aws.client("sesv2", parameters.region)
    account = ses.get_account()
    production, sending = account.get("ProductionAccessEnabled"), account.get("SendingEnabled")
    quota = int(account.get("SendQuota", {}).get("Max24HourSend", 0))
    told = {"production": readable(production), "sending": readable(sending), "quota": quota}
    wrong = {"ProductionAccessEnabled": production is False, "SendingEnabled": sending is False}
    return Finding(
        summary=say(SUMMARY, region=parameters.region, **told),
        signals={
            "sandbox": None if production is None else not production,
            "sending-off": None if sending is None else not sending,
        },
        facts={
            "production": production,
            "sending": sending,
            "quota": quota,
            "enforcement": account.get("EnforcementStatus"),
        },
        evidence=[f"{parameters.region}: {name} false" for name, is_so in wrong.items() if is_so],
    )
