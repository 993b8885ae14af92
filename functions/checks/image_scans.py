"""Are the newest images of a region's repositories scanned, and what was found?"""

from functions.core import scans
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import marked, say
from functions.core.listed import told
from functions.core.permissions import allow
from functions.core.regional import Named
from functions.core.results import Finding

SUMMARY = marked(
    "newest images of {count} repositories in {region}: {never} never scanned, {critical} with critical findings, "
    "{unknown} unknown"
)


class ImageScans(Named):
    """A region, and a word that the names of the repositories contain; all of them where it is empty."""


@check(
    allow("ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:DescribeImageScanFindings", on=scans.ANY),
    allow("ecr:GetRegistryScanningConfiguration"),
    signals={
        "never-scanned": "The newest image of a repository was never scanned",
        "critical-findings": "The newest image of a repository has critical vulnerabilities",
        "no-scan-on-push": "Images of a repository are not scanned when they are pushed",
        "none": "There is no image with a tag here whose repository's name has the word",
    },
)
def handler(parameters: ImageScans, aws: Session) -> Finding:
    """Are images scanned? Source: Huntaze, 3 "Patching / updates AMI/instances"."""
    found = scans.repositories(aws, parameters.region, parameters.named)
    newest = scans.newest(aws, parameters.region, found)
    registry = aws.client("ecr", parameters.region).get_registry_scanning_configuration()["scanningConfiguration"]
    unscanned = [one["repositoryName"] for one in found.found if not scans.covered(registry, one)]
    never = [one for one in newest.found if one.scanned is False]
    critical = [one for one in newest.found if one.critical]
    unknown = [one for one in newest.found if one not in never and one.critical is None]
    counts = {"never": len(never), "critical": len(critical), "unknown": len(unknown)}
    text = say(SUMMARY, count=len(newest.found), region=parameters.region, **counts)
    return Finding(
        summary=told(text, whole=newest.whole),
        signals={
            "never-scanned": newest.any(lambda one: None if one.scanned is None else not one.scanned),
            "critical-findings": newest.any(lambda one: one.critical),
            "no-scan-on-push": found.any(lambda one: not scans.covered(registry, one)),
            "none": newest.none,
        },
        facts={"images": len(newest.found), "scan_type": registry.get("scanType"), "whole": newest.whole, **counts},
        evidence=[
            *(f"{one.image}: {one.status}" for one in [*critical, *never, *unknown]),
            *(f"{name}: scanOnPush false" for name in unscanned),
        ],
    )
