"""What ECR knows of the vulnerabilities of each repository's newest image."""

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.core import registry
from functions.core.aws import Session
from functions.core.each import each
from functions.core.language import say
from functions.core.listed import Listed, listed
from functions.core.reading import over, until

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_ecr.type_defs import (
        ImageDetailTypeDef,
        ImageIdentifierTypeDef,
        RegistryScanningConfigurationTypeDef,
        RepositoryTypeDef,
    )

# Not in the service's own region only, as {region} would be
ANY = "arn:aws:ecr:*:{account}:repository/*"
PAGE = 1000
SHARE = 2  # of the time, for the repositories and for their images
DONE = {"COMPLETE", "ACTIVE"}
INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


class Scan(NamedTuple):
    """Of a repository's newest image: was it ever scanned, is a finding critical (None: unknown); and ECR's words."""

    image: str
    scanned: bool | None
    critical: bool | None
    status: str


def repositories(aws: Session, region: str, word: str) -> "Listed[RepositoryTypeDef]":
    """List the repositories whose name contains a word."""
    paginator = aws.client("ecr", region).get_paginator("describe_repositories")
    pages = paginator.paginate(PaginationConfig={"PageSize": PAGE})
    return listed(pages, lambda page: [one for one in page["repositories"] if word in one["repositoryName"]], SHARE)


def newest(aws: Session, region: str, found: "Listed[RepositoryTypeDef]") -> Listed[Scan]:
    """Look at the newest image of each repository, among those that have a tag; one without images is left out."""
    ecr, end = aws.client("ecr", region), over(SHARE)
    scans = each(found, lambda one: _newest(ecr, one["repositoryName"], end), end)
    return Listed([one for one in scans.found if one], scans.whole)


def covered(scanning: "RegistryScanningConfigurationTypeDef", repository: "RepositoryTypeDef") -> bool:
    """Say whether images are scanned when they are pushed.

    By a rule of the registry, or, where its scanning is not the enhanced one, by the repository's own setting. A
    filter without a wildcard is one for names that contain it. Source: Amazon ECR, "Filters to choose which
    repositories are scanned".
    """
    filters = [
        one["filter"]
        for rule in scanning.get("rules", [])
        if rule["scanFrequency"] != "MANUAL"
        for one in rule["repositoryFilters"]
    ]
    own = scanning.get("scanType") != "ENHANCED" and repository.get("imageScanningConfiguration", {}).get("scanOnPush")
    return bool(own) or any(_matches(one, repository["repositoryName"]) for one in filters)


def _matches(filter_: str, name: str) -> bool:
    pattern = ".*".join(map(re.escape, filter_.split("*")))
    return bool(re.fullmatch(pattern, name)) if "*" in filter_ else filter_ in name


def _newest(ecr: "ECRClient", name: str, end: float) -> Scan | None:
    """Look at a repository's newest image; nobody knows which one that is where not all were read."""
    pages = ecr.get_paginator("describe_images").paginate(
        repositoryName=name, filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": PAGE}
    )
    images: list[ImageDetailTypeDef] = []
    more = False
    for page in until(end, pages):
        images += [one for one in page["imageDetails"] if one.get("imageTags")]
        more = bool(page.get("nextToken"))
    last = max(images, key=lambda one: one["imagePushedAt"], default=None)
    if more:
        return Scan(name, None, None, "")
    return _scan(ecr, name, last) if last else None


def _scan(ecr: "ECRClient", name: str, image: "ImageDetailTypeDef") -> Scan:
    """Tell what ECR found: DescribeImages says it of enhanced scanning, and of basic scanning as it was.

    Source: Amazon ECR, API reference, DescribeImages.
    """
    one = f"{name}:{registry.telling(image['imageTags'])}"
    answer: Any = _asked(ecr, name, image) if "imageScanStatus" not in image else image
    if answer is None and image.get("imageManifestMediaType") in INDEXES:
        return Scan(one, scanned=None, critical=None, status=say("of several platforms, which have their own scans"))
    if answer is None:
        return Scan(one, scanned=False, critical=None, status=say("never scanned"))
    found = answer.get("imageScanFindings") or answer.get("imageScanFindingsSummary") or {}
    status = answer.get("imageScanStatus", {}).get("status")
    count = found.get("findingSeverityCounts", {}).get("CRITICAL", 0)
    known = True if count else False if found and status in DONE else None
    return Scan(one, scanned=bool(found) or None, critical=known, status=f"{status}, CRITICAL {count}")


def _asked(ecr: "ECRClient", name: str, image: "ImageDetailTypeDef") -> Any:
    """Ask for an image's scan; None where it has none."""
    digest: ImageIdentifierTypeDef = {"imageDigest": image["imageDigest"]}
    try:
        return ecr.describe_image_scan_findings(repositoryName=name, imageId=digest, maxResults=1)
    except ecr.exceptions.ScanNotFoundException:
        return None
