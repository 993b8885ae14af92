"""Container images in the registry: which commit was built into them, and what a task's image name leads to."""

import hashlib
import json
import time
from dataclasses import dataclass

from moto.ecr import ecr_backends

from sandbox.account import ACCOUNT, home
from sandbox.untyped import Model

DAY = 86_400
MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
COMMIT = "org.opencontainers.image.revision"


@dataclass(frozen=True)
class Image:
    """What the registry keeps under a digest (`sha256:…`), built from a commit; `name` is the full one, by digest."""

    name: str
    digest: str
    commit: str


def manifest(commit: str) -> str:
    """Return the manifest of what was built from a commit: the same every time."""
    layer = {"digest": f"sha256:{hashlib.sha256(commit.encode()).hexdigest()}", "size": 48_211_004}
    annotations = {COMMIT: commit}
    described = {"schemaVersion": 2, "mediaType": MEDIA_TYPE, "config": {"size": 7_023}, "layers": [layer]}
    return json.dumps({**described, "annotations": annotations})


def find(name: str) -> Image | None:
    """Find an image by its full name, with a tag or a digest; None where the registry has none."""
    path = name.partition("/")[2]
    repository, _, digest = path.partition("@")
    repository, tag = (repository.split(":")[0], None) if digest else tuple(path.rsplit(":", 1))
    stored = (one for one in _images(repository) if one.image_digest == digest or tag in one.image_tags)
    return next((_image(one) for one in stored), None)


def newest(repository: str) -> Image:
    """Return the image that was pushed last."""
    return _image(max(reversed(_images(repository)), key=lambda stored: float(stored.image_pushed_at)))


def backdate(repository: str, tag: str, days: int) -> None:
    """Let an image have been pushed days ago, which no API can say."""
    stored = next(one for one in _images(repository) if tag in one.image_tags)
    stored.image_pushed_at = int(time.time()) - days * DAY


def _images(repository: str) -> list[Model]:
    known = ecr_backends[ACCOUNT][home()].repositories.get(repository)
    return list(known.images) if known else []


def _image(stored: Model) -> Image:
    registry = f"{ACCOUNT}.dkr.ecr.{home()}.amazonaws.com"
    name = f"{registry}/{stored.repository_name}@{stored.image_digest}"
    return Image(name, stored.image_digest, json.loads(stored.image_manifest)["annotations"][COMMIT])
