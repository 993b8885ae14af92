"""The images of a host, their builds and the build cache."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.host.program import MIB, Program, public, read

CACHED_SECONDS = 4.0  # on AWS: a build of which every layer is cached
PULL_SECONDS = 20.0
LAYER_SHARE = 3  # a build leaves a third of its image's size in the cache


class BuildError(Exception):
    """A build or a pull that failed; the text is docker's."""


@dataclass
class Image:
    """An image: `tags` as name:tag, none for a dangling one; `source` identifies what it was built from."""

    id: str
    program: Program
    size: int
    source: str
    tags: set[str] = field(default_factory=set)
    created: float = field(default_factory=time.time)


@dataclass(frozen=True)
class CacheEntry:
    """Layers of a build, kept for the next one from the same source."""

    id: str
    source: str
    size: int


class Images:
    """All images by id. Where the disk has no room (`space` tells it, in bytes), nothing is built or pulled."""

    def __init__(self, space: Callable[[], int]) -> None:
        self.all: dict[str, Image] = {}
        self.cache: list[CacheEntry] = []
        self._space = space

    def find(self, reference: str) -> Image | None:
        """Find an image by name, name:tag, id or the beginning of an id."""
        named = reference if ":" in reference else f"{reference}:latest"
        for image in self.all.values():
            digits = image.id.removeprefix("sha256:")
            if named in image.tags or image.id == reference or (len(reference) > 3 and digits.startswith(reference)):  # noqa: PLR2004  shorter is a name
                return image
        return None

    def tag(self, image: Image, name: str) -> None:
        """Give an image a name; who had it loses it."""
        named = name if ":" in name else f"{name}:latest"
        for other in self.all.values():
            other.tags.discard(named)
        image.tags.add(named)

    def add(self, program: Program, source: str, size: int | None = None, created: float | None = None) -> Image:
        """Keep a new image, without a name."""
        image = Image(f"sha256:{secrets.token_hex(32)}", program, size or program.size, source)
        image.created = created or image.created
        self.all[image.id] = image
        return image

    def used(self) -> int:
        """Return the bytes that images and build cache take on the disk."""
        return sum(image.size for image in list(self.all.values())) + self.cached()

    def cached(self) -> int:
        """Return the bytes of the build cache."""
        return sum(entry.size for entry in list(self.cache))

    def build(self, context: Path, dockerfile: str, pause: Callable[[float], None], *, fresh: bool) -> Image:
        """Build a folder as it is now; the same source gives the same image, unless a `fresh` one is asked for.

        Raises:
            BuildError: without Dockerfile or readable source, or without room on the disk.
        """
        if not (context / dockerfile).exists():
            raise BuildError(
                f"failed to solve: failed to read dockerfile: open {dockerfile}: no such file or directory"
            )
        try:
            program = read(context)
        except ValueError as error:
            raise BuildError(f"failed to solve: {error}") from error
        source = _digest(context)
        known = next((image for image in self.all.values() if image.source == source), None)
        if known and not fresh and any(entry.source == source for entry in self.cache):
            pause(CACHED_SECONDS)
            return known
        self._need(program.size + program.size // LAYER_SHARE, "write /app/layer.tar")
        pause(program.build_seconds)
        self._need(program.size + program.size // LAYER_SHARE, "write /app/layer.tar")
        self.keep(source, program.size // LAYER_SHARE)
        return self.add(program, source)

    def keep(self, source: str, size: int) -> None:
        """Keep layers of a source in the cache, instead of what it has of it."""
        others = [entry for entry in self.cache if entry.source != source]
        self.cache = [*others, CacheEntry(secrets.token_hex(12), source, size)]

    def pull(self, name: str, pause: Callable[[float], None]) -> Image:
        """Return an image of the registry, fetched where it is not here; raises BuildError."""
        program = public(name)
        if program is None:
            raise BuildError(
                f"Error response from daemon: pull access denied for {name.partition(':')[0]}, "
                "repository does not exist or may require 'docker login'"
            )
        known = self.find(name)
        if known:
            return known
        self._need(program.size, "write /var/lib/docker/tmp/GetImageBlob")
        pause(PULL_SECONDS)
        image = self.add(program, name)
        self.tag(image, name)
        return image

    def prune(self, used: set[str], *, everything: bool) -> list[Image]:
        """Delete dangling images, or all that no container uses; return them."""
        gone = [one for one in self.all.values() if one.id not in used and (everything or not one.tags)]
        for image in gone:
            del self.all[image.id]
        return gone

    def prune_cache(self) -> list[CacheEntry]:
        """Delete the build cache; return what it was."""
        gone, self.cache = self.cache, []
        return gone

    def _need(self, size: int, doing: str) -> None:
        if self._space() < max(size, MIB):
            raise BuildError(f"failed to solve: {doing}: no space left on device")


def _digest(context: Path) -> str:
    content = hashlib.sha256()
    for file in sorted(path for path in context.rglob("*") if path.is_file() and ".git" not in path.parts):
        content.update(f"{file.relative_to(context)}\0".encode() + file.read_bytes())
    return content.hexdigest()
