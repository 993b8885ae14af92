"""Are the account's access keys renewed, and has its root user none?"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from functions.core import iam
from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.language import marked, say
from functions.core.listed import Listed, told
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.results import Finding, Parameters

SUMMARY = marked("users: {users}; active access keys: {active}; of these older than {days} d: {old}; {root}")
ROOT = {
    True: marked("the root user has access keys"),
    False: marked("the root user has no access key"),
    None: marked("unknown whether the root user has access keys"),
}


class AccessKeys(Parameters):
    """How old an access key may become, in days."""

    days: Annotated[int, Field(ge=1, le=3_650)]


class Key(NamedTuple):
    """An active access key: its age, whose it is, and the end of its id."""

    age: timedelta
    user: str
    end: str


@check(
    allow("iam:ListUsers", "iam:GetAccountSummary"),
    allow("iam:ListAccessKeys", on=iam.USER),
    signals={
        "old-keys": "An IAM user's active access key is older than allowed",
        "root-keys": "The root user has access keys",
    },
)
def handler(parameters: AccessKeys, aws: Session) -> Finding:
    """Are access keys renewed, and has the root user none? Source: Huntaze, 3 "IAM"; 5, IAM."""
    end, root, users = over(), iam.summary(aws).get("AccountAccessKeysPresent"), iam.users(aws)
    of_users = each(users, lambda user: _active(aws, user), end)
    keys = Listed([key for of_user in of_users.found for key in of_user], of_users.whole)
    most = timedelta(days=parameters.days)
    old = sorted((key for key in keys.found if key.age > most), reverse=True)
    facts = {"users": len(users.found), "active": len(keys.found), "old": len(old)}
    lines = [say("{user}, key …{end}: {days} d", user=key.user, end=key.end, days=key.age.days) for key in old]
    return Finding(
        summary=told(say(SUMMARY, **facts, days=parameters.days, root=say(ROOT[root])), whole=keys.whole),
        signals={"old-keys": keys.any(lambda key: key.age > most), "root-keys": root},
        facts=facts | {"oldest_days": max((key.age.days for key in keys.found), default=None)},
        evidence=[*([say(ROOT[root])] if root else []), *lines],
    )


def _active(aws: Session, user: str) -> list[Key]:
    """List a user's active keys, of which IAM allows two: they are always on one page."""
    keys, now = iam.client(aws).list_access_keys(UserName=user)["AccessKeyMetadata"], datetime.now(UTC)
    return [Key(now - key["CreateDate"], user, key["AccessKeyId"][-4:]) for key in keys if key["Status"] == "Active"]
