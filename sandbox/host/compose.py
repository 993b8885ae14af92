"""The `docker compose` plugin of a host."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.host import shown
from sandbox.host.compose_file import ComposeError, Project, load
from sandbox.host.compose_services import Services
from sandbox.host.container import Container
from sandbox.host.door import Call, Failed
from sandbox.host.engine import Engine, EngineError
from sandbox.host.images import BuildError
from sandbox.host.logs import lines
from sandbox.host.options import Parser, human, last, split, table

_PS = ("Name", "Image", "Command", "Service", "CreatedAt", "Status", "Ports")
_VALUES = {
    "-f": "file",
    "--file": "file",
    "-p": "name",
    "--project-name": "name",
    "--project-directory": "directory",
    "--ansi": "ansi",
    "--progress": "progress",
}
_DEFAULT_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


class Compose:
    """Runs `docker compose …` against an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._services = Services(engine)
        self._commands: dict[str, Callable[[Call, Project, list[str]], int]] = {
            "ps": self._ps,
            "config": self._config,
            "images": self._images,
            "logs": self._logs,
            "build": self._build,
            "pull": self._pull,
            "create": self._create,
            "up": self._up,
            "start": self._start,
            "stop": self._stop,
            "restart": self._restart,
            "rm": self._rm,
            "down": self._down,
        }

    def run(self, call: Call, arguments: list[str]) -> int:
        """Run one command; return its exit code."""
        given, words = split(arguments, _VALUES)
        if words[:1] == ["version"]:
            call.out("2.29.7\n" if "--short" in words else "Docker Compose version v2.29.7\n")
            return 0
        if not words or words[0] not in self._commands:
            raise Failed(1, f'unknown docker command: "compose {" ".join(words[:1])}"')
        try:
            return self._commands[words[0]](call, self._project(call, given), words[1:])
        except ComposeError as error:
            raise Failed(14 if "no such file" in str(error) else 1, str(error)) from error
        except BuildError as error:
            raise Failed(17, str(error)) from error
        except EngineError as error:
            raise Failed(1, str(error)) from error

    def _project(self, call: Call, given: dict[str, list[str]]) -> Project:
        folder = Path(call.folder, last(given.get("directory", [])))
        files = given.get("file") or [name for name in _DEFAULT_FILES if (folder / name).exists()][:1]
        if not files:
            raise Failed(14, "no configuration file provided: not found")
        if len(files) > 1:
            raise NotImplementedError("the sandbox host merges no compose files")
        file = Path(call.folder, files[0])
        return load(file, last(given.get("name", [])))

    def _ps(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("all/a", "quiet/q", "no-trunc", "services"), ("format", "status")).read(arguments)
        names = project.select(options.operands)
        found = [one for one in map(self._services.find(project), names) if one]
        found = [one for one in found if options.all or one.state in ("running", "restarting")]
        found = [one for one in found if not options.status or one.state in options.status]
        rows = [shown.row(one) | ({"ID": one.id} if options.no_trunc else {}) for one in found]
        quick = "{{.ID}}" if options.quiet else "{{.Service}}" if options.services else last(options.format)
        call.out(table(rows, quick, _PS))
        return 0

    def _config(self, call: Call, project: Project, arguments: list[str]) -> int:
        flags = ("quiet/q", "services", "images", "volumes", "no-interpolate")
        options = Parser(flags, ("format", "hash")).read(arguments)
        names = project.select(options.operands)
        if options.quiet:
            return 0
        if options.services or options.images or options.volumes:
            words = names if options.services else list(project.volumes)
            words = [project.image(name) for name in names] if options.images else words
            call.out("".join(f"{word}\n" for word in words))
            return 0
        services = {name: self._shown(project.services[name]) for name in names}
        networks = {"default": {"name": f"{project.name}_default", "ipam": {}}}
        whole = {"name": project.name, "networks": networks, "services": services, "volumes": project.volumes}
        if last(options.format) != "json":
            raise NotImplementedError("the sandbox host shows a configuration as JSON only: --format json")
        call.out(json.dumps(whole, indent=2) + "\n")
        return 0

    def _shown(self, service: dict[str, Any]) -> dict[str, Any]:
        if "build" not in service:
            return service
        return {"build": service["build"], "command": None, "entrypoint": None} | service

    def _images(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("quiet/q",), ("format",)).read(arguments)
        found = [one for one in map(self._services.find(project), project.select(options.operands)) if one]
        if options.quiet:
            call.out("".join(f"{one.image.id.removeprefix('sha256:')}\n" for one in found))
            return 0
        rows = [
            {
                "ID": one.image.id,
                "ContainerName": one.name,
                "Repository": name,
                "Tag": tag,
                "Size": one.image.size,
            }
            for one in found
            for name, tag in [self._named(one)]
        ]
        if last(options.format) == "json":
            call.out(json.dumps(rows) + "\n")
        else:
            text = [row | {"ID": row["ID"][7:19], "Size": human(float(str(row["Size"])))} for row in rows]  # type: ignore[index]
            call.out(table(text, "", ("ContainerName", "Repository", "Tag", "ID", "Size")))
        return 0

    def _logs(self, call: Call, project: Project, arguments: list[str]) -> int:
        flags = ("timestamps/t", "no-color", "no-log-prefix")
        options = Parser(flags, ("tail/n", "since", "until")).read(arguments)
        for name in project.select(options.operands):
            container = self._services.find(project)(name)
            for line in lines(container, last(options.since), last(options.tail)) if container else []:
                prefix = "" if options.no_log_prefix else f"{name}-1  | "
                call.out(f"{prefix}{line if options.timestamps else line.partition(' ')[2]}\n")
        return 0

    def _build(self, call: Call, project: Project, arguments: list[str]) -> int:
        flags = ("no-cache", "pull", "quiet/q", "with-dependencies")
        options = Parser(flags, ("build-arg", "progress")).read(arguments)
        for name in project.select(options.operands):
            if "build" in project.services[name]:
                self._services.build(call, project, name, fresh=options.no_cache)
        return 0

    def _pull(self, call: Call, project: Project, arguments: list[str]) -> int:
        flags = ("quiet/q", "ignore-buildable", "ignore-pull-failures", "include-deps")
        for name in project.select(Parser(flags, ("policy",)).read(arguments).operands):
            if "build" not in project.services[name]:
                self._engine.images.pull(project.image(name), call.pause)
        return 0

    def _create(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("build", "no-build", "force-recreate", "no-recreate"), ("pull",)).read(arguments)
        for name in self._services.ordered(project, options.operands):
            self._services.current(call, project, name, options)
        return 0

    def _up(self, call: Call, project: Project, arguments: list[str]) -> int:
        flags = ("detach/d", "build", "no-build", "force-recreate", "no-recreate", "no-deps", "remove-orphans", "wait")
        options = Parser((*flags, "quiet-pull", "renew-anon-volumes/V"), ("pull", "timeout/t", "wait-timeout")).read(
            arguments
        )
        if not (options.detach or options.wait):
            raise NotImplementedError("the sandbox host starts in the background only: up -d")
        names = (
            project.select(options.operands) if options.no_deps else self._services.ordered(project, options.operands)
        )
        for name in names:
            container = self._services.current(call, project, name, options)
            self._services.await_dependencies(call, project, name)
            if not container.running:
                self._engine.start(container, call.pause)
                call.err(f" Container {container.name}  Started")
        return self._services.await_all(call, project, names) if options.wait else 0

    def _start(self, call: Call, project: Project, arguments: list[str]) -> int:
        for container in self._services.existing(project, Parser().read(arguments).operands):
            self._engine.start(container, call.pause)
        return 0

    def _stop(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(values=("timeout/t",)).read(arguments)
        for container in reversed(self._services.existing(project, options.operands, missing=True)):
            self._engine.stop(container, call.pause)
            call.err(f" Container {container.name}  Stopped")
        return 0

    def _restart(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("no-deps",), ("timeout/t",)).read(arguments)
        for container in self._services.existing(project, options.operands):
            self._engine.stop(container, call.pause)
            self._engine.start(container, call.pause)
            call.err(f" Container {container.name}  Started")
        return 0

    def _rm(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("force/f", "stop/s", "volumes/v")).read(arguments)
        if not options.force:
            raise Failed(1, "")  # it asks a person, and there is none
        for container in self._services.existing(project, options.operands, missing=True):
            if container.running and not options.stop:
                continue
            self._engine.stop(container, call.pause)
            self._engine.remove(container, volumes=options.volumes)
            call.err(f" Container {container.name}  Removed")
        return 0

    def _down(self, call: Call, project: Project, arguments: list[str]) -> int:
        options = Parser(("volumes/v", "remove-orphans"), ("rmi", "timeout/t")).read(arguments)
        for container in reversed(self._services.existing(project, options.operands, missing=True)):
            self._engine.stop(container, call.pause)
            self._engine.remove(container, volumes=options.volumes)
            call.err(f" Container {container.name}  Removed")
        for volume in project.volumes.values() if options.volumes else []:
            if volume["name"] in self._engine.volumes:
                self._engine.remove_volume(volume["name"])
        return 0

    def _named(self, container: Container) -> tuple[str, str]:
        """Split the name of a container's image; it has none any more where another image has got it."""
        if self._engine.images.find(container.image_name) is not container.image:
            return "", ""
        name, _, tag = container.image_name.partition(":")
        return name, tag or "latest"

    def _find(self, project: Project) -> Callable[[str], Container | None]:
        return lambda name: self._engine.service(project.name, name)
