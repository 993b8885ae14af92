"""ECR: a scan tells what was found in the image: by default nothing; moto has the same finding for every image."""

from typing import Any

from moto.ecr.models import ECRBackend

from sandbox.patches.replaced import replace
from sandbox.untyped import Model

_DESCRIBE = "describe_image_scan_findings"


def severities(image: Model) -> dict[str, int]:
    """Return how many findings of each severity a scan of an image has, to be changed."""
    counts: dict[str, int] = image.__dict__.setdefault("sandbox_severities", {})
    return counts


def install() -> None:
    """Replace moto's own finding; one that was given to moto is told as it is."""
    replace(ECRBackend, _DESCRIBE, _describe)


def _describe(self: Model, registry_id: str, repository_name: str, image_id: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = replace.original(ECRBackend, _DESCRIBE)(self, registry_id, repository_name, image_id)
    image = self._get_repository(repository_name, registry_id)._get_image(
        image_id.get("imageTag"), image_id.get("imageDigest")
    )
    if image.scan_finding_results:
        return told
    found = {"findings": [], "findingSeverityCounts": severities(image)}
    return {**told, "imageScanFindings": {**told["imageScanFindings"], **found}}
