"""Do the credentials belong to the account that the service is in?"""

from typing import Annotated

from pydantic import StringConstraints

from functions.core.account import caller
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters
from functions.core.template import readable

SUMMARY = marked("credentials of {arn} in the account {found}; the service's account is {account}")


class AccountIdentity(Parameters):
    """The service's account."""

    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


@check(
    allow("sts:GetCallerIdentity"),
    signals={"other-account": "The credentials belong to another account than the service's"},
)
def handler(parameters: AccountIdentity, aws: Session) -> Finding:
    """Whose credentials are these? Source: Huntaze, 5, "Pré-flight"."""
    said = caller(aws)
    found, arn = said.get("Account"), said.get("Arn")
    other = None if found is None else found != parameters.account
    text = say(SUMMARY, arn=readable(arn), found=readable(found), account=parameters.account)
    return Finding(
        summary=text,
        signals={"other-account": other},
        facts={"account": found, "arn": arn},
        evidence=[text] if other else [],
    )
