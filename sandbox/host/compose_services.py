"""A compose project's services and their containers: what `docker compose up` makes of a file, and waits for."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.host.compose_file import Project
from sandbox.host.container import Container
from sandbox.host.door import Call
from sandbox.host.engine import Engine, EngineError
from sandbox.host.images import Image

_HEALTHY_SECONDS = 20.0  # on this machine


class Services:
    """Containers as their project wants them, on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, call: Call, project: Project, name: str, options: Any) -> Container:
        """Return the service's container as its file and its image are now, made anew where it is another."""
        image = self._wanted(call, project, name, build=options.build)
        container = self.find(project)(name)
        same = container and container.image is image and container.config_hash == project.config_hash(name)
        if container and (options.no_recreate or (same and not options.force_recreate)):
            return container
        kept: dict[str, str] = {}
        if container:
            anonymous = not getattr(options, "renew_anon_volumes", False)
            kept = {t: v for t, v in container.volumes.items() if self._engine.volumes.get(v) and anonymous}
            self._engine.stop(container, call.pause)
            self._engine.remove(container)
        with self._engine.lock:
            made = self._engine.create(project, name, image, kept)
        call.err(f" Container {made.name}  {'Recreated' if container else 'Created'}")
        return made

    def _wanted(self, call: Call, project: Project, name: str, *, build: bool) -> Image:
        image = self._engine.images.find(project.image(name))
        if "build" in project.services[name]:
            return self.build(call, project, name, fresh=False) if build or image is None else image
        return image or self._engine.images.pull(project.image(name), call.pause)

    def build(self, call: Call, project: Project, name: str, *, fresh: bool) -> Image:
        """Build a service's image, and give it its name."""
        build = project.services[name]["build"]
        call.err(f"#1 [{name} internal] load build definition from {build['dockerfile']}")
        image = self._engine.images.build(Path(build["context"]), build["dockerfile"], call.pause, fresh=fresh)
        self._engine.images.tag(image, project.image(name))
        call.err(f" {name}  Built")
        return image

    def ordered(self, project: Project, names: list[str]) -> list[str]:
        """Return the services and what they depend on, in the order in which they start."""
        ordered: list[str] = []

        def add(name: str) -> None:
            for other in project.services[name]["depends_on"]:
                add(other)
            if name not in ordered:
                ordered.append(name)

        for name in project.select(names):
            add(name)
        return ordered

    def await_dependencies(self, call: Call, project: Project, name: str) -> None:
        """Wait for what a service needs to be healthy; raises EngineError."""
        for other, how in project.services[name]["depends_on"].items():
            container = self.find(project)(other)
            if how["condition"] == "service_healthy" and container and not self._healthy(call, container):
                raise EngineError(f"dependency failed to start: container {container.name} is unhealthy")

    def await_all(self, call: Call, project: Project, names: list[str]) -> int:
        """Wait until all are healthy; raises EngineError."""
        for container in (self.find(project)(name) for name in names):
            if container and not self._healthy(call, container):
                raise EngineError(f"container {container.name} is unhealthy")
        return 0

    def _healthy(self, call: Call, container: Container) -> bool:
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while container.health == "starting" and time.monotonic() < deadline:
            call.pause(1.0)
        return container.running and container.health in ("", "healthy")

    def existing(self, project: Project, names: list[str], *, missing: bool = False) -> list[Container]:
        """Return the containers of services; raises EngineError for a named one without, unless it may be missing."""
        found = []
        for name in project.select(names):
            container = self.find(project)(name)
            if container:
                found.append(container)
            elif names and not missing:
                raise EngineError(f'service "{name}" is not running: no container found')
        return found

    def find(self, project: Project) -> Callable[[str], Container | None]:
        """Return what finds the container of a service."""
        return lambda name: self._engine.service(project.name, name)
