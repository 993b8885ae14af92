"""What docker keeps on the disk of a host: `docker image …`, `volume …`, `builder …`, `system …`, and all pruning."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from sandbox.host import shown
from sandbox.host.container import Container
from sandbox.host.door import Call, Failed
from sandbox.host.engine import Engine, EngineError, size
from sandbox.host.images import Image
from sandbox.host.options import Parser, human, last, render, table

_IMAGES = ("Repository", "Tag", "ID", "CreatedSince", "Size")
_DISK = ("Type", "TotalCount", "Active", "Size", "Reclaimable")


class Storage:
    """The commands, on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def commands(self) -> dict[str, Callable[[Call, list[str]], int]]:
        """Return the commands by their words."""
        return {
            "image ls": self._image_ls,
            "image inspect": self._image_inspect,
            "image rm": self._image_rm,
            "image tag": self._image_tag,
            "image prune": self._image_prune,
            "container prune": self._container_prune,
            "volume ls": self._volume_ls,
            "volume rm": self._volume_rm,
            "volume prune": self._volume_prune,
            "network prune": lambda _call, _arguments: 0,
            "builder prune": self._builder_prune,
            "system df": self._system_df,
            "system prune": self._system_prune,
        }

    def _image_ls(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("all/a", "quiet/q", "no-trunc", "digests"), ("format", "filter/f")).read(arguments)
        if unknown := [rule for rule in options.filter if not rule.startswith(("dangling=", "reference="))]:
            raise Failed(1, f"Error response from daemon: invalid filter {unknown}")
        images = [
            (image, tag) for image in list(self._engine.images.all.values()) for tag in sorted(image.tags) or [""]
        ]
        names = options.operands + [rule.partition("=")[2] for rule in options.filter if rule.startswith("reference=")]
        images = [one for one in images if not names or _refers(names, one[1])]
        if "dangling=true" in options.filter:
            images = [one for one in images if not one[1]]
        rows = [shown.image_row(image, tag, self._engine) for image, tag in images]
        if options.no_trunc:
            rows = [row | {"ID": image.id} for row, (image, _) in zip(rows, images, strict=True)]
        call.out(table(rows, "{{.ID}}" if options.quiet else last(options.format), _IMAGES))
        return 0

    def _image_inspect(self, call: Call, arguments: list[str]) -> int:
        options = Parser(values=("format/f",)).read(arguments)
        found = [shown.inspected_image(self._image(name)) for name in options.operands]
        return told(call, found, last(options.format))

    def _image_rm(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("force/f", "no-prune")).read(arguments)
        for name in options.operands:
            image = self._image(name)
            named = name if ":" in name else f"{name}:latest"
            users = [one for one in self._containers() if one.image is image]
            if len(image.tags) > 1 and named in image.tags:
                image.tags.discard(named)
                call.out(f"Untagged: {named}\n")
                continue
            if users and not options.force:
                raise EngineError(
                    f"Error response from daemon: conflict: unable to remove repository reference {name} "
                    f"(must force) - container {users[0].id[:12]} is using its referenced image"
                )
            if users:
                image.tags.clear()
                continue
            del self._engine.images.all[image.id]
            call.out("".join(f"Untagged: {tag}\n" for tag in sorted(image.tags)) + f"Deleted: {image.id}\n")
        return 0

    def _image_tag(self, _call: Call, arguments: list[str]) -> int:
        source, target = Parser().read(arguments).operands
        self._engine.images.tag(self._image(source), target)
        return 0

    def _image_prune(self, call: Call, arguments: list[str]) -> int:
        options = self._forced(Parser(("all/a", "force/f"), ("filter",)).read(arguments))
        call.out(f"{self._pruned_images(call, everything=options.all)}\n")
        return 0

    def _container_prune(self, call: Call, arguments: list[str]) -> int:
        self._forced(Parser(("force/f",), ("filter",)).read(arguments))
        call.out(f"Total reclaimed space: {human(self._pruned_containers(call))}\n")
        return 0

    def _volume_ls(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("quiet/q",), ("format", "filter/f")).read(arguments)
        rows = [{"Driver": "local", "Name": name} for name in self._engine.volumes]
        call.out(table(rows, "{{.Name}}" if options.quiet else last(options.format), ("Driver", "Name")))
        return 0

    def _volume_rm(self, call: Call, arguments: list[str]) -> int:
        for name in Parser(("force/f",)).read(arguments).operands:
            self._engine.remove_volume(name)
            call.out(f"{name}\n")
        return 0

    def _volume_prune(self, call: Call, arguments: list[str]) -> int:
        options = self._forced(Parser(("all/a", "force/f"), ("filter",)).read(arguments))
        call.out(f"Total reclaimed space: {human(self._pruned_volumes(call, everything=options.all))}\n")
        return 0

    def _builder_prune(self, call: Call, arguments: list[str]) -> int:
        self._forced(
            Parser(("all/a", "force/f", "verbose"), ("filter", "keep-storage", "max-used-space")).read(arguments)
        )
        gone = self._engine.images.prune_cache()
        lines = [f"{entry.id}\ttrue\t{human(entry.size)}\n" for entry in gone]
        call.out("".join(["ID\tRECLAIMABLE\tSIZE\n", *lines]) + f"Total:\t{human(sum(entry.size for entry in gone))}\n")
        return 0

    def _system_df(self, call: Call, arguments: list[str]) -> int:
        options = Parser(("verbose/v",), ("format",)).read(arguments)
        engine, containers = self._engine, self._containers()
        used = {one.image.id for one in containers}
        images = list(engine.images.all.values())
        free = sum(one.size for one in images if one.id not in used)
        mounted = {volume for one in containers for volume in one.volumes.values()}
        sizes = {name: size(engine.data(name)) for name in engine.volumes}
        unused = sum(size for name, size in sizes.items() if name not in mounted)
        running = sum(one.running for one in containers)
        cache = engine.images.cached()
        rows = [
            _disk("Images", len(images), len(used), sum(one.size for one in images), free),
            _disk("Containers", len(containers), running, 0, 0),
            _disk("Local Volumes", len(sizes), len(mounted), sum(sizes.values()), unused),
            _disk("Build Cache", len(engine.images.cache), 0, cache, cache),
        ]
        call.out(table(rows, last(options.format), _DISK))
        return 0

    def _system_prune(self, call: Call, arguments: list[str]) -> int:
        options = self._forced(Parser(("all/a", "force/f", "volumes"), ("filter",)).read(arguments))
        freed = self._pruned_containers(call)
        freed += self._pruned_volumes(call, everything=False) if options.volumes else 0
        used = {one.image.id for one in self._containers()}
        images = self._engine.images.prune(used, everything=options.all)
        call.out("".join(["Deleted Images:\n" * bool(images), *(_gone(one) for one in images)]))
        cache = self._engine.images.prune_cache()
        freed += sum(one.size for one in images) + sum(one.size for one in cache)
        call.out(f"Total reclaimed space: {human(freed)}\n")
        return 0

    def _pruned_images(self, call: Call, *, everything: bool) -> str:
        used = {one.image.id for one in self._containers()}
        gone = self._engine.images.prune(used, everything=everything)
        call.out("".join(["Deleted Images:\n" * bool(gone), *(_gone(one) for one in gone), "\n" * bool(gone)]))
        return f"Total reclaimed space: {human(sum(one.size for one in gone))}"

    def _pruned_containers(self, call: Call) -> int:
        stopped = [one for one in self._containers() if not one.running and one.state != "restarting"]
        freed = sum(size(one.log_file.parent) for one in stopped)
        for one in stopped:
            self._engine.remove(one)
        call.out("".join(["Deleted Containers:\n" * bool(stopped), *(f"{one.id}\n" for one in stopped), "\n"]))
        return freed

    def _pruned_volumes(self, call: Call, *, everything: bool) -> int:
        gone = self._engine.unused_volumes(everything=everything)
        freed = sum(self._engine.remove_volume(name) for name in gone)
        call.out("".join(["Deleted Volumes:\n" * bool(gone), *(f"{name}\n" for name in gone), "\n"]))
        return freed

    def _forced(self, options: Any) -> Any:
        if not options.force:  # it asks a person, and there is none
            raise Failed(1, "")
        if getattr(options, "filter", None):
            raise NotImplementedError(f"the sandbox host does not prune by filter: {options.filter}")
        return options

    def _containers(self) -> list[Container]:
        return list(self._engine.containers.values())

    def _image(self, name: str) -> Image:
        image = self._engine.images.find(name)
        if image is None:
            raise Failed(1, f"Error response from daemon: No such image: {name}")
        return image


def told(call: Call, found: list[Any], template: str) -> int:
    """Print what was inspected, as JSON or by a template."""
    if template and template != "json":
        call.out("".join(f"{render(template, one)}\n" for one in found))
    else:
        call.out(json.dumps(found, indent=None if template else 4) + "\n")
    return 0


def _refers(names: list[str], tag: str) -> bool:
    """Say whether one of the names, or of the patterns as a filter has them, means an image by one of its tags."""
    return any(fnmatchcase(tag, name if ":" in name else f"{name}:*") for name in names)


def _disk(kind: str, total: int, active: int, taken: int, free: int) -> dict[str, str]:
    share = f" ({free * 100 // taken}%)" if taken and kind != "Build Cache" else ""
    counts = {"TotalCount": str(total), "Active": str(active)}
    return {"Type": kind, **counts, "Size": human(taken), "Reclaimable": human(free) + share}


def _gone(image: Image) -> str:
    return "".join(f"untagged: {tag}\n" for tag in sorted(image.tags)) + f"deleted: {image.id}\n"
