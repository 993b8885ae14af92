"""Images in ECR, as the words of a task definition name them."""

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from functions.core.aws import Session
from functions.core.reading import in_time

if TYPE_CHECKING:
    from types_boto3_ecr.type_defs import ImageDetailTypeDef, ImageIdentifierTypeDef
    from types_boto3_ecs.type_defs import ServiceTypeDef

REPOSITORY = "arn:aws:ecr:{region}:{account}:repository/{repository}"
PAGE = 1000
NAMED = re.compile(r"[^@]*/[^/:@]+:(?P<tag>[\w.-]+)(?:@.*)?")
COMMIT = re.compile(r"[0-9a-f]{40}")
ABBREVIATED = re.compile(r"[0-9a-f]{7,39}")
VERSION = re.compile(r"(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")


def tag(image: str) -> str | None:
    """Return the tag that an image is named by; None where it has none."""
    named = NAMED.fullmatch(image)
    return named["tag"] if named else None


def telling(tags: list[str]) -> str:
    """Return the tag that tells most: a commit, where there is one among them."""
    return max(sorted(tags), key=lambda one: bool(COMMIT.fullmatch(one)))


def same(version: str, expected: str) -> bool:
    """Say whether a version is the expected one, which may be the start of a commit."""
    return version == expected or bool(ABBREVIATED.fullmatch(expected) and version.startswith(expected))


class Images(NamedTuple):
    """Images of a repository that have a tag, and whether all of them were read."""

    found: "list[ImageDetailTypeDef]"
    complete: bool

    @property
    def newest(self) -> "ImageDetailTypeDef | None":
        """The one that was pushed last; unknown where there are more."""
        return max(self.found, key=itemgetter("imagePushedAt"), default=None) if self.complete else None

    def named(self, version: re.Match[str]) -> "ImageDetailTypeDef | None":
        """The one that has this digest, or else this tag, among those that were read."""
        digest, name = version["digest"], version["tag"] or "latest"
        of = (
            image
            for image in self.found
            if digest == image["imageDigest"] or (not digest and name in image["imageTags"])
        )
        return next(of, None)


class Repository:
    """The repository of a service's account and region; `home` is how images in it are named, up to their version."""

    def __init__(self, aws: Session, service: "ServiceTypeDef", name: str) -> None:
        self.ecr, self.name = aws.client("ecr"), name
        self.account = service["serviceArn"].split(":")[4]
        self.home = f"{self.account}.dkr.ecr.{aws.region_name}.amazonaws.com/{name}"

    def version(self, image: str) -> re.Match[str] | None:
        """Split an image into tag and digest; None where it is not from here."""
        return VERSION.fullmatch(image.removeprefix(self.home))

    def images(self, share: int = 1) -> Images:
        """Read all images that have a tag, in a share of the time: ECR lists them in no order."""
        pages = self.ecr.get_paginator("describe_images").paginate(
            registryId=self.account,
            repositoryName=self.name,
            filter={"tagStatus": "TAGGED"},
            PaginationConfig={"PageSize": PAGE},
        )
        found: list[ImageDetailTypeDef] = []
        complete = False
        for page in in_time(pages, share):
            found += [image for image in page["imageDetails"] if image.get("imageTags")]
            complete = not page.get("nextToken")
        return Images(found, complete)

    def commit(self, image: str) -> str | None:
        """Return the commit that an image was built from, as one of its tags; None where none is, or it is not here."""
        version = self.version(image)
        tags = [*(self.tags(version) or []), version["tag"] or ""] if version else []
        return next((one for one in tags if COMMIT.fullmatch(one)), None)

    def has(self, version: re.Match[str]) -> bool:
        """Say whether there is such an image."""
        return self.tags(version) is not None

    def tags(self, version: re.Match[str]) -> list[str] | None:
        """Look an image up by its digest, which wins where there is a tag too; None where it is not there."""
        tag: ImageIdentifierTypeDef = {"imageTag": version["tag"] or "latest"}
        wanted: ImageIdentifierTypeDef = {"imageDigest": version["digest"]} if version["digest"] else tag
        try:
            found = self.ecr.describe_images(registryId=self.account, repositoryName=self.name, imageIds=[wanted])
        except (self.ecr.exceptions.ImageNotFoundException, self.ecr.exceptions.RepositoryNotFoundException):
            return None
        return found["imageDetails"][0].get("imageTags", [])
