"""Does everybody who can sign in to the console need a second factor?"""

from typing import NamedTuple

from functions.core import iam
from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.results import Finding, Parameters

SUMMARY = marked("users: {users}; those of the console: {of_console}; of these without MFA: {without_mfa}; {root}")
ROOT = {
    True: marked("the root user has a password and no MFA device"),
    False: marked("the root user has an MFA device, or no password"),
    None: marked("unknown whether the root user has an MFA device"),
}


class UserMfa(Parameters):
    """Nothing: it is about the whole account."""


class User(NamedTuple):
    """A user: can they sign in to the console, and with a password only?"""

    name: str
    password: bool
    bare: bool


@check(
    allow("iam:ListUsers", "iam:GetAccountSummary"),
    allow("iam:GetLoginProfile", "iam:ListMFADevices", on=iam.USER),
    signals={
        "users-without-mfa": "An IAM user with a console password has no MFA device",
        "root-without-mfa": "The root user has a password and no MFA device",
    },
)
def handler(_: UserMfa, aws: Session) -> Finding:
    """Does every console user, and the root user, have an MFA device? Source: Huntaze, 3 "IAM"; 5, IAM."""
    end, account, names = over(), iam.summary(aws), iam.users(aws)
    users = each(names, lambda name: _look(aws, name), end)
    bare = [user.name for user in users.found if user.bare]
    root = _root(account.get("AccountMFAEnabled"), password=account.get("AccountPasswordPresent", True))
    facts = {
        "users": len(names.found),
        "of_console": sum(user.password for user in users.found),
        "without_mfa": len(bare),
    }
    return Finding(
        summary=told(say(SUMMARY, **facts, root=say(ROOT[root])), whole=users.whole),
        signals={"users-without-mfa": users.any(lambda user: user.bare), "root-without-mfa": root},
        facts=facts,
        evidence=[*([say(ROOT[root])] if root else []), *(say("{user} has no MFA device", user=name) for name in bare)],
    )


def _look(aws: Session, name: str) -> User:
    password = iam.has_password(aws, name)
    return User(name, password, password and not iam.client(aws).list_mfa_devices(UserName=name)["MFADevices"])


def _root(mfa: bool | None, *, password: bool) -> bool | None:  # noqa: FBT001
    """Say whether the root user may sign in without; in a member account it may have no password at all."""
    return False if not password else None if mfa is None else not mfa
