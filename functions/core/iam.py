"""The account's IAM users and roles, and what IAM tells about its root user."""

from typing import Any

from functions.core.aws import Session
from functions.core.listed import Listed, listed

USER = "arn:aws:iam::{account}:user/*"
PAGE = 1000


def client(aws: Session) -> Any:
    """Return the client, whose types are not installed."""
    made: Any = aws.client("iam")
    return made


def users(aws: Session) -> Listed[str]:
    """List the users' names."""
    return _names(aws, "list_users", "Users", "UserName")


def roles(aws: Session) -> Listed[str]:
    """List the roles' names."""
    return _names(aws, "list_roles", "Roles", "RoleName")


def summary(aws: Session) -> dict[str, bool]:
    """Tell which of the facts of the account's summary are not 0."""
    return {fact: number > 0 for fact, number in client(aws).get_account_summary()["SummaryMap"].items()}


def has_password(aws: Session, user: str) -> bool:
    """Say whether a user can sign in to the console."""
    iam = client(aws)
    try:
        iam.get_login_profile(UserName=user)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def _names(aws: Session, operation: str, key: str, name: str) -> Listed[str]:
    pages = client(aws).get_paginator(operation).paginate(PaginationConfig={"PageSize": PAGE})
    return listed(pages, lambda page: [one[name] for one in page[key]])
