"""Harena: seven containers on one host, as its runbook has them, and what goes wrong there."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sandbox import context, incidents
from sandbox.clients import client
from sandbox.harena_files import FILE, SERVICES, app, files
from sandbox.host.compose_file import Project, load
from sandbox.host.container import Container
from sandbox.host.engine import EVERYWHERE, LOOPBACK, wait
from sandbox.host.host import Host
from sandbox.host.process import USERS, Process, hashed
from sandbox.host.program import GIB, MIB
from sandbox.host.repository import Repository

INSTANCE = "i-0011b978b7cea66dc"
FOLDER = "/home/ec2-user/harena"
URL = "https://github.com/harena/harena.git"
OLD, RELEASE, BROKEN = "v6.0.3", "v6.0.4", "v6.0.5"
SECRET = "harena/probe"  # noqa: S105 (its name)
USER, PASSWORD = "henri@example.com", "Henri123456"
ROWS = 3 * GIB // 2
ROOM = 0.15  # of the disk and of the memory, what is free when all is well
FULL = 0.05  # of the disk or the memory, what an incident leaves free
HEALING_SECONDS = 30.0


CONTAINERS = len(SERVICES) + 2


class Harena:
    """The system on a host; each `break_…` brings about one incident, `heal` all that is declared."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.engine = host.engine
        self.repository = Repository(host, URL, FOLDER)

    def build(self) -> None:
        """Deploy the release, with the users in the database; wait until all is healthy."""
        self.repository.publish(files(LOOPBACK), OLD)
        self.repository.publish(files(EVERYWHERE), RELEASE)
        self.repository.clone()
        (self.host.root / FOLDER.lstrip("/") / ".env").write_text("POSTGRES_PASSWORD=not-for-findings\n")
        self._declare()

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: no name of its is known outside."""
        return {}

    def start(self) -> None:
        """Let Systems Manager of the running sandbox know the host, and Secrets Manager the user that logs in there."""
        context.current().hosts[self.host.instance_id] = self.host
        user = json.dumps({"username": USER, "password": PASSWORD})
        client("secretsmanager").create_secret(Name=SECRET, SecretString=user)

    def stop(self) -> None:
        """Take the host away; raises what had failed behind the back of a command."""
        context.current().hosts.pop(self.host.instance_id, None)
        self.host.close()

    def break_(self, names: str, *, persistent: bool = False) -> None:
        """Inject incidents by their names, several as "a+b"; a persistent one survives every document's command."""
        for name in names.split("+"):
            incidents.find(name, "harena").break_(self)
        self.host.powerless = persistent

    def heal(self) -> None:
        """Rebuild the declared state; nothing of what went wrong is left."""
        self.host.agent = "running"
        self.host.powerless = False
        self.engine.silent = False
        with self.engine.lock:
            for container in list(self.engine.containers.values()):
                self.engine.remove(container)
            for name in list(self.engine.volumes):
                self.engine.remove_volume(name)
            self.engine.images.all.clear()
            self.engine.images.cache.clear()
        self.host.machine.heal()
        self.repository.reset(RELEASE)
        self._declare()

    def healthy(self) -> bool:
        """Tell whether all is well: containers, health, ports, endpoints from outside, disk, memory, the agent."""
        machine = self.host.machine
        containers = list(self.engine.containers.values())
        disk, memory = machine.disk_free() / machine.disk_size, machine.memory_available() / machine.memory_size
        return (
            len(containers) == CONTAINERS
            and all(one.health == "healthy" for one in containers)
            and all(self.host.reach(service.port) for service in SERVICES.values())
            and min(disk, memory) > ROOM
            and self.host.online
            and self.host.agent == "running"
            and not self.engine.silent
        )

    def container(self, service: str) -> Container:
        """Return a service's container; raises LookupError where it has none."""
        found = self.engine.service("harena", service)
        if found is None:
            raise LookupError(f"{service} has no container")
        return found

    def wait_until(self, predicate: Callable[[], object], seconds: float = HEALING_SECONDS) -> None:
        """Wait until the predicate holds; raises TimeoutError with what the host looks like."""
        deadline = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not within {seconds} s. Harena: {self.describe()}")
            time.sleep(0.05)

    def describe(self) -> str:
        """Return the state in one line."""
        machine = self.host.machine
        containers = list(self.engine.containers.values())
        told = {one.service: f"{one.state}/{one.health}/{one.exit_code}" for one in containers}
        free = f"disk {machine.disk_free() // MIB} MiB, memory {machine.memory_available() // MIB} MiB free"
        return f"{told} {free} agent={self.host.agent} online={self.host.online} silent={self.engine.silent}"

    def break_ports(self, *services: str) -> None:
        """Services were rebuilt from an old compose file: their ports are bound to 127.0.0.1."""
        self.repository.restore(FILE, tag=OLD)
        chosen = services or ("user_service", "budget_service")
        for service in chosen:
            self._recreate(service)
        self.repository.restore(FILE)
        self.wait_until(lambda: all(self.container(service).health == "healthy" for service in chosen))

    def break_publishing(self, service: str = "metric_service") -> None:
        """A service was made from an edit of the compose file that published no port of it."""
        file = self.host.root / FOLDER.lstrip("/") / FILE
        wanted = json.loads(file.read_text())
        del wanted["services"][service]["ports"]
        file.write_text(json.dumps(wanted))
        self._recreate(service)
        self.repository.restore(FILE)
        self.wait_until(lambda: self.container(service).health == "healthy")

    def break_down(self, *services: str, code: int = 1) -> None:
        """Services ended, and no policy starts them again: somebody's hand stopped them."""
        with self.engine.lock:
            for service in services or ("search_service",):
                self.container(service).end(code)

    def break_missing(self, service: str = "budget_service") -> None:
        """Somebody has removed a service's container."""
        self.engine.remove(self.container(service))

    def break_hanging(self, service: str = "metric_service") -> None:
        """A service answers nothing any more, until it is restarted."""
        self._process(service).hang()
        self.wait_until(lambda: self.container(service).health == "unhealthy")

    def break_image(self, service: str = "conversation_service_v3") -> None:
        """A service was built from an edit that nobody committed: unhealthy until it is built again."""
        source = self._context(service) / "app.json"
        source.write_text(json.dumps(json.loads(source.read_text()) | {"status": 500}))
        self._build(self._project(), service)
        self._recreate(service)
        self.repository.restore(f"{service}/app.json")
        self.wait_until(lambda: self.container(service).health == "unhealthy")

    def break_several(self) -> None:
        """Two services ended, and one hangs."""
        self.break_down("search_service", "budget_service")
        self.break_hanging("user_service")

    def break_memory(self, service: str = "metric_service") -> None:
        """A service leaks until the memory is used up."""
        machine = self.host.machine
        self._process(service).memory += machine.memory_available() - int(machine.memory_size * FULL)

    def break_system_memory(self) -> None:
        """The system itself uses the memory up: no container is to blame, only a reboot frees it."""
        machine = self.host.machine
        machine.memory_system += machine.memory_available() - int(machine.memory_size * FULL)

    def break_disk_by_builds(self) -> None:
        """Images of earlier builds, which no tag names any more, fill the disk."""
        for _ in range(self._surplus() // GIB):
            self.engine.images.add(self.container("user_service").image.program, "an earlier build", GIB)

    def break_disk_by_releases(self) -> None:
        """Images of earlier releases, which still have their tags, fill the disk."""
        for number in range(self._surplus() // GIB):
            image = self.engine.images.add(self.container("user_service").image.program, "an earlier release", GIB)
            self.engine.images.tag(image, f"harena-user_service:v5.{number}.0")

    def break_disk_by_cache(self) -> None:
        """The build cache fills the disk."""
        self.engine.images.keep("an earlier build", self._surplus())

    def break_disk_by_logs(self, service: str = "search_service") -> None:
        """A container's log fills the disk."""
        log = self.container(service).log_file
        os.truncate(log, log.stat().st_size + self._surplus())
        self.container(service).log("WARNING: the index is not reachable, trying again")

    def break_disk_by_data(self) -> None:
        """The database's rows fill the disk."""
        rows = self.rows
        os.truncate(rows, rows.stat().st_size + self._surplus())

    @property
    def rows(self) -> Path:
        """Where the database keeps its rows: in a volume, which nothing may ever remove."""
        data = self.engine.data(self.container("postgres").volumes["/var/lib/postgresql/data"])
        return data / Path(USERS).with_name("16384")

    def break_agent(self) -> None:
        """The agent pings, but picks up no command."""
        self.host.agent = "silent"

    def break_node(self) -> None:
        """The agent is gone; after a while the node is not Online any more."""
        self.host.agent = "gone"
        self.wait_until(lambda: not self.host.online)

    def break_docker(self) -> None:
        """Docker accepts connections and never answers, until it is restarted."""
        self.engine.silent = True

    def break_next_deploy(self, service: str = "conversation_service_v3") -> str:
        """The newest commit has a service that ends as it starts; return that commit. It is not deployed yet."""
        fails = "ModuleNotFoundError: No module named 'langchain_core'"
        return self.repository.publish({f"{service}/app.json": app(service, fails=fails)}, BROKEN)

    def break_speed(self, seconds: float, service: str = "search_service") -> None:
        """A service takes seconds for every answer, on this machine's clock."""
        self._process(service).slow_seconds = seconds

    def break_quiet(self, errors: int, service: str = "budget_service") -> None:
        """A service logs errors, and is healthy all the same."""
        for number in range(errors):
            self.container(service).log(f"ERROR: could not categorise transaction {number}")

    def _declare(self) -> None:
        project = self._project()
        for service in project.services:
            if service in SERVICES:
                self._build(project, service)
            else:
                self.engine.images.pull(project.image(service), wait)
            container = self._create(project, service)
            if service == "postgres":
                self._fill(container)
            self.engine.start(container, wait)
        self.wait_until(self.healthy)

    def _fill(self, container: Container) -> None:
        """Put the users into the database, and as many rows as there would be."""
        data = self.engine.data(container.volumes["/var/lib/postgresql/data"])
        users = data / USERS
        users.parent.mkdir(exist_ok=True)
        (data / "PG_VERSION").write_text("15\n")
        users.write_text(json.dumps({USER: hashed(PASSWORD)}))
        self.rows.touch()
        os.truncate(self.rows, ROWS)

    def _project(self) -> Project:
        return load(self.host.root / FOLDER.lstrip("/") / FILE)

    def _context(self, service: str) -> Path:
        return self.host.root / FOLDER.lstrip("/") / service

    def _build(self, project: Project, service: str) -> None:
        image = self.engine.images.build(self._context(service), "Dockerfile", wait, fresh=False)
        self.engine.images.tag(image, project.image(service))

    def _create(self, project: Project, service: str) -> Container:
        image = self.engine.images.find(project.image(service))
        if image is None:
            raise LookupError(f"{service} has no image")
        with self.engine.lock:
            return self.engine.create(project, service, image, {})

    def _recreate(self, service: str) -> None:
        self.engine.remove(self.container(service))
        self.engine.start(self._create(self._project(), service), wait)

    def _process(self, service: str) -> Process:
        process = self.container(service).process
        if process is None:
            raise LookupError(f"{service} does not run")
        return process

    def _surplus(self) -> int:
        machine = self.host.machine
        return machine.disk_free() - int(machine.disk_size * FULL)
