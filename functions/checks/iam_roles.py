"""Which of the account's IAM roles have the service's word in their names?"""

from functions.core import iam
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import Listed, told
from functions.core.permissions import allow
from functions.core.regional import Worded
from functions.core.results import Finding

SUMMARY = marked("IAM roles with the word in their names: {count}")


class IamRoles(Worded):
    """A word that the names of the roles contain; all of them where it is empty."""


@check(allow("iam:ListRoles"), signals={"none": "There is no role whose name has the word"})
def handler(parameters: IamRoles, aws: Session) -> Finding:
    """Which roles does the service have? Source: Huntaze, 3 "IAM"; 5, IAM."""
    every = iam.roles(aws)
    names = sorted(name for name in every.found if parameters.named in name)
    text = say(SUMMARY, count=len(names))
    return Finding(
        summary=told(text, whole=every.whole),
        signals={"none": Listed(names, every.whole).none},
        facts={"count": len(names), "names": names},
    )
