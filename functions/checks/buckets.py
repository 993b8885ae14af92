"""Is all public access to the service's buckets blocked?"""

from typing import Any

from functions.core import public_access
from functions.core.aws import Session
from functions.core.check import check
from functions.core.each import each
from functions.core.judged import Rule, judged
from functions.core.language import marked, say
from functions.core.listed import Listed, listed, proven
from functions.core.permissions import allow
from functions.core.reading import over
from functions.core.regional import Worded
from functions.core.results import Finding

PAGE = 1000
NAME, BLOCKED = "Name", "blocked"
TOLD = marked("buckets: {count}; of these not blocking all public access: {public}")


class Buckets(Worded):
    """A word that the names of the buckets contain; all of them where it is empty."""


@check(
    allow("s3:ListAllMyBuckets", "s3:GetAccountPublicAccessBlock", "sts:GetCallerIdentity"),
    allow("s3:GetBucketPublicAccessBlock", on="arn:aws:s3:::*{named}*"),
    signals={
        "public": "A bucket does not block all public access",
        "none": "There is no bucket whose name has the word",
    },
)
def handler(parameters: Buckets, aws: Session) -> Finding:
    """Are buckets closed to the public? Source: Huntaze, 5, CloudFront / S3."""
    end, names = over(), _names(aws, parameters.named)
    of_account = public_access.of_account(aws)

    def look(name: str) -> dict[str, Any]:
        return {NAME: name, BLOCKED: public_access.both(of_account, public_access.of_bucket(aws, name))}

    found = each(names, look, end)
    result = judged(found, NAME, {"public": Rule(_public, _told)})
    return result.finding(TOLD, say("there is no bucket whose name has the word"), found)


def _names(aws: Session, word: str) -> Listed[str]:
    s3: Any = aws.client("s3")
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": PAGE})
    return listed(pages, lambda page: [one[NAME] for one in page.get("Buckets", []) if word in one[NAME]])


def _public(bucket: dict[str, Any]) -> bool | None:
    return proven([None if is_so is None else not is_so for is_so in bucket[BLOCKED].values()], whole=True)


def _told(bucket: dict[str, Any]) -> str:
    """Name what nothing blocks, or may not."""
    return ", ".join(f"{setting} {is_so}" for setting, is_so in bucket[BLOCKED].items() if not is_so)
