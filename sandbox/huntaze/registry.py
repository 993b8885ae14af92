"""The images of a region's services in ECR, each scanned."""

from __future__ import annotations

import json
from typing import Any

from moto.ecr.models import ecr_backends

from sandbox.account import ACCOUNT
from sandbox.huntaze.place import APP, ROUTER, Place
from sandbox.huntaze.undo import Undo
from sandbox.patches.ecr import severities
from sandbox.untyped import Model

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
RELEASE, UNSCANNED = "v1", "v2"


def build(place: Place) -> None:
    """Push an image of every service; ECR scans it."""
    for name in place.services:
        ecr = place.aws("ecr")
        ecr.create_repository(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
        _push(place, name, RELEASE)
        ecr.start_image_scan(repositoryName=name, imageId={"imageTag": RELEASE})


def look(place: Place) -> Any:
    """Return what is to stay as it is."""
    ecr = place.aws("ecr")
    told = ecr.describe_repositories(repositoryNames=list(place.services))["repositories"]
    return (
        [one["imageScanningConfiguration"] for one in told],
        [sorted(tag for image in _images(place, name) for tag in image["imageTags"]) for name in place.services],
        [dict(severities(image)) for name in place.services for image in _kept(place, name)],
    )


def critical_findings(undo: Undo) -> None:
    """A hole became known, which the router's image has."""
    found = severities(_kept(ROUTER, ROUTER.name)[-1])
    found |= {"CRITICAL": 1, "HIGH": 3}
    undo.callback(found.clear)


def never_scanned(undo: Undo) -> None:
    """An image was pushed that ECR could not scan."""
    _push(APP, APP.name, UNSCANNED)
    which = {"repositoryName": APP.name, "imageIds": [{"imageTag": UNSCANNED}]}
    undo.callback(APP.aws("ecr").batch_delete_image, **which)


def no_scan_on_push(undo: Undo) -> None:
    """Somebody has switched scanning off."""
    wrong, good = ({"imageScanningConfiguration": {"scanOnPush": is_so}} for is_so in (False, True))
    which = {"repositoryName": APP.workers[0]}
    undo.call(APP.aws("ecr").put_image_scanning_configuration, which, wrong=wrong, good=good)


def _push(place: Place, name: str, tag: str) -> None:
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [{"digest": f"{name}:{tag}"}]}
    place.aws("ecr").put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=tag)
    for age, image in enumerate(reversed(_kept(place, name))):
        image.image_pushed_at -= age  # moto knows whole seconds only, and the newest is asked for


def _images(place: Place, name: str) -> list[Any]:
    return list(place.aws("ecr").describe_images(repositoryName=name)["imageDetails"])


def _kept(place: Place, name: str) -> list[Model]:
    """Return moto's records of a repository's images."""
    return list(ecr_backends[ACCOUNT][place.region].repositories[name].images)
