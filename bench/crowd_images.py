"""ECR about a crowd.

Source: the API reference of DescribeImages.
"""

from datetime import timedelta

from bench.crowd_terms import ACCOUNT, REGION, Json, Refused, Service, page, within

IMAGES_PAGE, MOST_IMAGES_PAGE = 100, 1000
REPOSITORY = "bot"
HOME = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}"


class Images(Service):
    """A repository; every fourth image has lost its tags, and the one named v1 was pushed last."""

    def _DescribeImages(self, asked: Json) -> Json:  # noqa: N802  named as AWS names it
        if "imageIds" in asked:
            return {"imageDetails": [self._named(one) for one in asked["imageIds"]]}
        most = asked.get("maxResults", IMAGES_PAGE)
        within("maxResults", most, MOST_IMAGES_PAGE)
        tagged = asked.get("filter", {}).get("tagStatus") == "TAGGED"
        numbers = [n for n in range(self.size.images) if not (tagged and _lost(n))]
        given = page("imageDetails", numbers, most, asked)
        return given | {"imageDetails": [self._image(n) for n in given["imageDetails"]]}

    def _named(self, wanted: Json) -> Json:
        for n in range(self.size.images):
            names = [("imageDigest", digest(n)), *(("imageTag", tag) for tag in _tags(n))]
            if any(wanted.get(kind) == name for kind, name in names):
                return self._image(n)
        raise Refused(f"imageIds: there is no {wanted}")

    def _image(self, n: int) -> Json:
        pushed = self.deployed - timedelta(minutes=1 + abs(n - 1))
        return {
            "registryId": ACCOUNT,
            "repositoryName": REPOSITORY,
            "imageDigest": digest(n),
            "imageSizeInBytes": 50_000_000 + n,
            "imagePushedAt": pushed,
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactMediaType": "application/vnd.oci.image.config.v1+json",
        } | ({} if _lost(n) else {"imageTags": _tags(n)})


def digest(n: int) -> str:
    """Return the digest of an image."""
    return f"sha256:{n:064x}"


def _tags(n: int) -> list[str]:
    return [] if _lost(n) else [f"v{n}", f"{n:040x}"]


def _lost(n: int) -> bool:
    return n > 1 and n % 4 == 0
