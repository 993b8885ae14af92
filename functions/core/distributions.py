"""CloudFront's distributions, and what they do to HTTP."""

from collections.abc import Iterator
from typing import Any

from functions.core.aws import Session
from functions.core.listed import Listed, listed, proven

PAGE = 100
POLICY = "ViewerProtocolPolicy"
PLAIN: dict[str | None, bool] = {"allow-all": True, "https-only": False, "redirect-to-https": False}


def read(aws: Session, word: str) -> Listed[Any]:
    """List the distributions that have a word in their aliases, their origins' domain names or their comment."""
    cloudfront: Any = aws.client("cloudfront")
    pages = cloudfront.get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": PAGE})
    return listed(pages, lambda page: [one for one in _items(page["DistributionList"]) if _has(one, word)])


def plain(distribution: Any) -> bool | None:
    """Say whether it answers HTTP without a redirect, on any path; a disabled one answers nothing."""
    answers = proven([PLAIN.get(policy) for _, policy in _behaviours(distribution)], whole=True)
    return False if answers is False else distribution.get("Enabled") and answers


def policies(distribution: Any) -> str:
    """Tell where it may answer HTTP."""
    told = [f"{path} {policy}" for path, policy in _behaviours(distribution) if PLAIN.get(policy) is not False]
    return f"{POLICY} {', '.join(told)}; Enabled {distribution.get('Enabled')}"


def undeployed(distribution: Any) -> bool | None:
    """Say whether its last change has not reached all edge locations."""
    status = distribution.get("Status")
    return None if status is None else status != "Deployed"


def _items(of: Any) -> list[Any]:
    """Give a list as CloudFront writes it, which is left out where it is empty."""
    return list(of.get("Items", []))


def _has(distribution: Any, word: str) -> bool:
    """Say whether it has the word: domain names have no capitals, a comment may begin with one."""
    origins = [one["DomainName"] for one in _items(distribution["Origins"])]
    texts = [*_items(distribution["Aliases"]), *origins, distribution["Comment"]]
    return any(word.lower() in text.lower() for text in texts)


def _behaviours(distribution: Any) -> Iterator[tuple[str, str | None]]:
    """Give the paths that it treats differently, with its policy there."""
    for one in [distribution["DefaultCacheBehavior"], *_items(distribution["CacheBehaviors"])]:
        yield one.get("PathPattern", "*"), one.get(POLICY)
