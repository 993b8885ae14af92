"""The docker engine of a host: containers, volumes and published ports, and what happens to them by themselves."""

import secrets
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sandbox.host.compose_file import Project
from sandbox.host.container import KILLED, TERMINATED, Container
from sandbox.host.images import Image, Images
from sandbox.host.process import Process

EVERYWHERE = "0.0.0.0"  # noqa: S104  docker's own word for a port that is published to all
LOOPBACK = "127.0.0.1"
STOP_SECONDS = 4.0
START_SECONDS = 2.0
Pause = Callable[[float], None]


class Room(Protocol):
    """What the engine asks of its machine: bytes that are free, on the disk and in memory."""

    def disk_free(self) -> int:
        """Return the bytes free on the disk."""

    def memory_available(self) -> int:
        """Return the bytes of memory that are available."""


class EngineError(Exception):
    """What the engine refuses; the text is docker's."""


class Engine:
    """The state of docker on one host; `lock` guards all of it. `silent`: it accepts connections and never answers."""

    def __init__(self, folder: Path, room: Room, version: str = "27.3.1") -> None:
        self.version = version
        self.lock = threading.RLock()
        self.silent = False
        self.containers: dict[str, Container] = {}  # by name
        self.volumes: dict[str, bool] = {}  # name -> anonymous
        self.images = Images(room.disk_free)
        self._folder = folder
        self._room = room
        for name in ("containers", "volumes"):
            (folder / name).mkdir(parents=True)
            (folder / name).chmod(0o777)

    def find(self, reference: str) -> Container:
        """Find a container by name or the beginning of its id; raises EngineError."""
        for container in list(self.containers.values()):
            if container.name == reference or container.id.startswith(reference):
                return container
        raise EngineError(f"Error response from daemon: No such container: {reference}")

    def service(self, project: str, service: str) -> Container | None:
        """Return the container of a project's service."""
        found = (one for one in list(self.containers.values()) if (one.project, one.service) == (project, service))
        return next(found, None)

    def create(self, project: Project, service: str, image: Image, kept: dict[str, str]) -> Container:
        """Create a container; `kept` are the volumes of the one it takes the place of, by target."""
        config = project.services[service]
        name = project.container(service)
        if name in self.containers:
            raise EngineError(f'Conflict. The container name "/{name}" is already in use')
        container = Container(
            name,
            service,
            project.name,
            image,
            project.image(service),
            config,
            project.config_hash(service),
            self._folder / "containers",
        )
        named = {one["target"]: one.get("source") for one in config["volumes"] if one["type"] == "volume"}
        for target in [*named, *(one for one in image.program.volumes if one not in named)]:
            source = named.get(target)
            volume = project.volumes[source]["name"] if source else kept.get(target) or secrets.token_hex(32)
            self._volume(volume, anonymous=not source)
            container.volumes[target] = volume
        self.containers[name] = container
        return container

    def start(self, container: Container, pause: Pause) -> None:
        """Start a container that does not run; raises EngineError where its port is taken."""
        pause(START_SECONDS)
        with self.lock:
            if container.running:
                return
            self._claim_ports(container)
            container.begin(self._run)

    def stop(self, container: Container, pause: Pause, code: int = 0) -> None:
        """Stop a container as somebody's hand does; one that hangs is killed."""
        pause(STOP_SECONDS)
        with self.lock:
            if container.running or container.state == "restarting":
                container.end(code)

    def remove(self, container: Container, *, volumes: bool = False) -> None:
        """Remove a container with its log; its anonymous volumes only where asked to."""
        with self.lock:
            if container.running:
                container.end(KILLED)
            self.containers.pop(container.name, None)
            shutil.rmtree(container.log_file.parent, ignore_errors=True)
            for volume in container.volumes.values() if volumes else ():
                if self.volumes.get(volume):
                    self.remove_volume(volume)

    def remove_volume(self, name: str) -> int:
        """Delete a volume and its data; return its bytes; raises EngineError while a container has it."""
        with self.lock:
            if name not in self.volumes:
                raise EngineError(f"Error response from daemon: get {name}: no such volume")
            users = [one.id for one in self.containers.values() if name in one.volumes.values()]
            if users:
                raise EngineError(f"Error response from daemon: remove {name}: volume is in use - [{', '.join(users)}]")
            freed = size(self._folder / "volumes" / name)
            shutil.rmtree(self._folder / "volumes" / name)
            del self.volumes[name]
            return freed

    def unused_volumes(self, *, everything: bool) -> list[str]:
        """Return the volumes that no container has: anonymous ones; if asked to, or before docker 23, all."""
        used = {volume for one in self.containers.values() for volume in one.volumes.values()}
        named = everything or int(self.version.partition(".")[0]) < 23  # noqa: PLR2004  as the API's version 1.42 says
        return [name for name, anonymous in self.volumes.items() if name not in used and (anonymous or named)]

    def data(self, volume: str) -> Path:
        """Return the folder of a volume's data."""
        return self._folder / "volumes" / volume / "_data"

    def used(self) -> int:
        """Return the bytes that docker takes on the disk."""
        return self.images.used() + size(self._folder)

    def published(self) -> dict[tuple[str, int], int]:
        """Return where each published (address, port) of a running container really listens."""
        with self.lock:
            return {
                (port.get("host_ip", EVERYWHERE), int(port["published"])): container.process.port
                for container in self.containers.values()
                if container.process
                for port in container.config["ports"]
                if "published" in port and port["target"] == container.process.program.port
            }

    def tick(self) -> None:
        """Make the health checks, start what its policy starts, kill what the memory has no room for."""
        with self.lock:
            containers = list(self.containers.values())
        for container in containers:
            container.probe()
            with self.lock:
                if container.due() and self.containers.get(container.name) is container:
                    container.restarts += 1
                    container.begin(self._run)
        with self.lock:
            running = [one for one in containers if one.running]
            if running and self._room.memory_available() <= 0:
                greedy = max(running, key=lambda one: one.memory)
                greedy.log("Killed")
                greedy.end(KILLED, by_hand=False)
                greedy.oom_killed = True

    def shut_down(self) -> None:
        """End all containers, as a machine that goes down does."""
        with self.lock:
            for container in self.containers.values():
                if container.running:
                    by_hand = container.by_hand
                    container.end(TERMINATED, by_hand=by_hand)
                if container.state == "restarting":
                    container.state = "exited"

    def boot(self) -> None:
        """Start what the restart policies start with the daemon: on-failure is none of them."""
        self.silent = False
        with self.lock:
            for container in self.containers.values():
                policy = container.config.get("restart")
                if not container.running and (
                    policy == "always" or (policy == "unless-stopped" and not container.by_hand)
                ):
                    container.begin(self._run)

    def peer(self, project: str, service: str) -> int | None:
        """Return where a service of a project's network listens, as its DNS would."""
        container = self.service(project, service)
        return container.process.port if container and container.process else None

    def _run(self, container: Container) -> Process:
        data = next((self.data(volume) for volume in container.volumes.values()), None)
        if data:
            self._volume(data.parent.name, anonymous=self.volumes.get(data.parent.name, True))
        return Process(
            container.image.program,
            data,
            container.log,
            self._room.disk_free,
            lambda service: self.peer(container.project, service),
        )

    def _volume(self, name: str, *, anonymous: bool) -> None:
        self.volumes.setdefault(name, anonymous)
        self.data(name).mkdir(parents=True, exist_ok=True)
        for path in (self.data(name), self.data(name).parent):
            path.chmod(0o777)

    def _claim_ports(self, container: Container) -> None:
        taken = self.published()
        for port in container.config["ports"]:
            address, number = port.get("host_ip", EVERYWHERE), int(port.get("published", 0))
            clash = any(
                number == other and (EVERYWHERE in (address, where) or address == where) for where, other in taken
            )
            if clash:
                container.state, container.exit_code = "created", 128
                raise EngineError(
                    "Error response from daemon: driver failed programming external connectivity on endpoint "
                    f"{container.name}: Bind for {address}:{number} failed: port is already allocated"
                )


def size(folder: Path) -> int:
    """Return the bytes of all files of a folder, holes included: as much as they would take on a real host."""
    total = 0
    for path in folder.rglob("*"):
        try:
            stat = path.lstat()
        except OSError:
            continue
        total += stat.st_size if path.is_file() else 0
    return total


def wait(_seconds: float) -> None:
    """Pause for nobody: what is done by the world itself takes no time."""
