"""Whose credentials these are."""

from typing import Any

from functions.core.aws import Session


def caller(aws: Session) -> Any:
    """Return what STS says of who calls: Account and Arn; nobody needs a permission to ask."""
    sts: Any = aws.client("sts")
    return sts.get_caller_identity()
