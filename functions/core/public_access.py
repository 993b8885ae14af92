"""What S3 blocks of public access: on a bucket, and on the whole account."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from functions.core.account import caller
from functions.core.aws import Session
from functions.core.listed import proven

SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
NONE = "NoSuchPublicAccessBlockConfiguration"

Blocked = dict[str, bool | None]


def of_account(aws: Session) -> Blocked:
    """Tell what is blocked for every bucket of the account."""
    s3: Any = aws.client("s3control")
    account = caller(aws)["Account"]
    return _read(lambda: s3.get_public_access_block(AccountId=account))


def of_bucket(aws: Session, name: str) -> Blocked:
    """Tell what is blocked on a bucket itself; it may be in any region, botocore follows."""
    s3: Any = aws.client("s3")
    return _read(lambda: s3.get_public_access_block(Bucket=name))


def both(one: Blocked, other: Blocked) -> Blocked:
    """Tell what is blocked by one or the other: S3 applies both."""
    return {setting: proven([one[setting], other[setting]], whole=True) for setting in SETTINGS}


def _read(call: Callable[[], Any]) -> Blocked:
    try:
        said = call()["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] != NONE:
            raise
        return dict.fromkeys(SETTINGS, False)
    return {setting: said.get(setting) for setting in SETTINGS}
