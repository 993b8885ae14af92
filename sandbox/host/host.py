"""A simulated EC2 machine: scripts really run on it, its containers answer on real sockets, its disk really fills."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.clients import client
from sandbox.host.compose import Compose
from sandbox.host.docker import Docker
from sandbox.host.door import Door
from sandbox.host.engine import EVERYWHERE, Engine
from sandbox.host.machine import Machine
from sandbox.host.shell import Ended, Shell
from sandbox.host.tools import Tools
from sandbox.network import Interface, Network
from sandbox.speed import sandbox_seconds
from sandbox.ticker import Ticker

LOST_SECONDS = 300.0  # on AWS, without a ping: the node is not Online any more
BOOT_SECONDS = 60.0


class Host:
    """One machine: `engine` is its docker, `machine` its disk and memory, `shell` runs scripts; `close` it at the end.

    `agent` is what SSM's agent does: running, silent (it pings and picks up nothing), gone. On a `powerless` one what a
    document would change is not, though its command ends well. `role_arn` is the role of the instance, by which it
    reads secrets; `address` its private one.
    """

    def __init__(
        self,
        instance_id: str,
        folder: Path | None = None,
        *,
        role_arn: str | None = None,
        address: str = "10.40.2.10",
        docker_version: str = "27.3.1",
    ) -> None:
        """Start it, with nothing on it; without a folder it makes one, and removes it at the end."""
        self.instance_id = instance_id
        self.role_arn = role_arn
        self.address = address
        self.agent = "running"
        self.powerless = False
        self.last_ping = time.time()
        self._folder = folder or Path(tempfile.mkdtemp(prefix="sandbox-host-"))
        self._folder.chmod(0o711)
        root = self._folder / "root"
        self.machine = Machine(root, self._disk_used, self._memory_used)
        self.engine = Engine(root / "var" / "lib" / "docker", self.machine, docker_version)
        self._network: Network | None = None
        self._open: dict[int, int] = {}
        docker = Docker(self.engine, self.machine, Compose(self.engine))
        self.door = Door({"docker": docker.run, **Tools(self).all()})
        self.shell = Shell(self._folder, self.door.port, self.door.token)
        self._closed = threading.Event()
        self._rebooting = threading.Lock()
        self._ticker = Ticker("host", 0.1, self._tick)
        self._ticker.start()

    @property
    def root(self) -> Path:
        """The folder that is `/` on it."""
        return self.shell.root

    @property
    def online(self) -> bool:
        """Tell whether the agent has pinged lately."""
        return time.time() - self.last_ping < sandbox_seconds(LOST_SECONDS)

    def run(self, script: str, variables: Mapping[str, str] | None = None, seconds: float = 60.0) -> Ended:
        """Run a script as whoever builds or breaks the machine, not through SSM; `seconds` on this machine's clock."""
        self.machine.write_proc()
        return self.shell.run(script, variables or {}, seconds)

    def execute(
        self, script: str, variables: Mapping[str, str], seconds: float, cancelled: Callable[[], bool], folder: str = ""
    ) -> Ended:
        """Run a script as the agent does: exit code 194 asks it to reboot, and to run the script once more."""
        while True:
            self.machine.write_proc()
            ended = self.shell.run(script, variables, seconds, cancelled, folder or "/root")
            if ended.code != 194 or ended.how != "done" or self._closed.is_set():  # noqa: PLR2004  the agent's own number
                return ended
            self._reboot()

    def join(self, network: Network, groups: Callable[[], list[str]] | None = None) -> None:
        """Give it its place in a network: what it publishes to all is reached there, as its security groups let it."""
        network.attach(Interface(self.address, groups))
        self._network = network

    def reach(self, port: int) -> int | None:
        """Return where a connection from outside to one of its ports ends on this machine; None: nobody listens."""
        found = self.engine.published().items()
        return next((real for (address, number), real in found if number == port and address == EVERYWHERE), None)

    def listens(self, port: int) -> int | None:
        """Return where a connection to localhost on the host itself ends on this machine."""
        found = self.engine.published().items()
        return next((real for (_, number), real in found if number == port), None)

    def secret(self, name: str) -> Mapping[str, str]:
        """Read a secret with the role of the instance; raises botocore's ClientError."""
        from sandbox.delivery import role_key

        found: dict[str, Any] = client("secretsmanager", role_key(self.role_arn, self.instance_id)).get_secret_value(
            SecretId=name
        )
        return {key: str(found[key]) for key in ("ARN", "Name", "SecretString")}

    def reboot(self) -> None:
        """Go down and come up again, in the background."""
        threading.Thread(target=self._reboot, name="host-reboot", daemon=True).start()

    def close(self) -> None:
        """Stop everything; raises what had failed behind the back of a command."""
        self._closed.set()
        self.shell.interrupt()
        self._ticker.stop()
        self.door.close()
        self.engine.shut_down()
        if self._network:
            self._network.detach(self.address)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self.door.errors:
            raise self.door.errors[0]

    def _reboot(self) -> None:
        if not self._rebooting.acquire(blocking=False):
            return
        try:
            self.agent = "gone"
            self.shell.interrupt()
            self.engine.silent = True
            self.engine.shut_down()
            if self._closed.wait(sandbox_seconds(BOOT_SECONDS)):
                return
            self.machine.boot()
            self.engine.boot()
            self.agent = "running"
        finally:
            self._rebooting.release()

    def _tick(self) -> None:
        if self.agent in ("running", "silent"):
            self.last_ping = time.time()
        self.engine.tick()
        self.machine.write_proc()
        if self._network:
            wanted = {port: real for (address, port), real in self.engine.published().items() if address == EVERYWHERE}
            for port in self._open.keys() - wanted.keys():
                self._network.release(self.address, port)
            for port, real in wanted.items():
                self._network.listen(self.address, port, real)
            self._open = wanted

    def _disk_used(self) -> int:
        return self.engine.used()

    def _memory_used(self) -> int:
        return sum(container.memory for container in list(self.engine.containers.values()))
