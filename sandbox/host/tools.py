"""The system's own commands on a host: df, free, uptime, systemctl, reboot, shutdown, aws."""

import json
import math
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from botocore.exceptions import ClientError

from sandbox.host.door import Call, Failed, Tool
from sandbox.host.engine import EVERYWHERE, Engine
from sandbox.host.machine import Machine
from sandbox.host.options import Parser, last
from sandbox.host.program import MIB
from sandbox.speed import sandbox_seconds

_DF_COLUMNS = {
    "source": "Filesystem",
    "fstype": "Type",
    "size": "1B-blocks",
    "used": "Used",
    "avail": "Avail",
    "pcent": "Use%",
    "itotal": "Inodes",
    "iused": "IUsed",
    "iavail": "IFree",
    "ipcent": "IUse%",
    "target": "Mounted on",
}
_LEFT = {"source", "fstype", "target"}
_INODES = 15_728_640
_SCALES = {"K": 1024, "M": MIB, "G": 1024 * MIB}
_NOTHING = "127.0.0.1:1"  # where nobody listens: what is not simulated is refused, and never leaves this machine


class Owner(Protocol):
    """What the commands ask of their host."""

    engine: Engine
    machine: Machine
    address: str

    def reboot(self) -> None:
        """Go down and come up again, in the background."""

    def secret(self, name: str) -> Mapping[str, str]:
        """Read a secret with the role of the instance; raises botocore's ClientError."""


class Tools:
    """The commands of one host."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    def all(self) -> dict[str, Tool]:
        """Return the commands by name."""
        return {
            "df": self._df,
            "free": self._free,
            "uptime": self._uptime,
            "systemctl": self._systemctl,
            "reboot": self._reboot,
            "shutdown": self._shutdown,
            "aws": self._aws,
            "routes": self._routes,
        }

    def _df(self, call: Call) -> int:
        flags = ("human-readable/h", "portability/P", "print-type/T", "local/l", "k", "total")
        options = Parser(flags, ("output", "block-size/B", "type/t", "exclude-type/x")).read(
            [f"-{one[2:]}" if one == "--k" else one for one in call.arguments]
        )
        scale = _block(last(options.block_size) or "1K")
        default = (
            "source,fstype,size,used,avail,pcent,target"
            if options.print_type
            else "source,size,used,avail,pcent,target"
        )
        columns = (last(options.output) or default).split(",")
        if unknown := [column for column in columns if column not in _DF_COLUMNS]:
            raise Failed(1, f"df: option --output: field '{unknown[0]}' unknown")
        machine = self._owner.machine
        disk = _filesystem("/dev/nvme0n1p1", "xfs", machine.disk_size, machine.disk_taken(), "/", scale)
        memory = _filesystem("tmpfs", "tmpfs", machine.memory_size // 2, 0, "/dev/shm", scale)  # noqa: S108  shown only
        missing = [path for path in options.operands if not Path(call.folder, path).exists()]
        for path in missing:
            call.err(f"df: {path}: No such file or directory")
        rows = [disk for path in options.operands if path not in missing] if options.operands else [disk, memory]
        titles = _DF_COLUMNS | {"size": "1B-blocks" if scale == 1 else f"{scale // 1024}K-blocks"}
        cells = [[titles[column] for column in columns], *([row[column] for column in columns] for row in rows)]
        widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
        for line in cells:
            named = zip(columns, line, widths, strict=True)
            told = (cell.ljust(width) if column in _LEFT else cell.rjust(width) for column, cell, width in named)
            call.out(" ".join(told).rstrip() + "\n")
        return 1 if missing else 0

    def _free(self, call: Call) -> int:
        options = Parser(("bytes/b", "mebi/m", "human/h", "wide/w")).read(call.arguments)
        scale = 1 if options.bytes else MIB if options.mebi else 1024
        total, available = self._owner.machine.memory_size, self._owner.machine.memory_available()
        free = available * 2 // 3
        values = [total, total - available, free, 0, available - free, available]
        call.out("               total        used        free      shared  buff/cache   available\n")
        call.out("Mem:    " + "".join(f"{value // scale:>12}" for value in values) + "\n")
        call.out("Swap:   " + "".join(f"{0:>12}" for _ in range(3)) + "\n")
        return 0

    def _uptime(self, call: Call) -> int:
        minutes = int(self._owner.machine.uptime / 60)
        days, hours = divmod(minutes // 60, 24)
        call.out(f" 12:00:00 up {days} days, {hours:2}:{minutes % 60:02},  0 users,  load average: 0.42, 0.37, 0.31\n")
        return 0

    def _systemctl(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        verb, unit = words[0] if words else "", last(words[1:]).removesuffix(".service")
        if verb == "reboot":
            return self._reboot(call)
        if unit not in ("docker", "amazon-ssm-agent"):
            raise Failed(
                4 if verb == "is-active" else 5, f"Failed to {verb} {unit}.service: Unit {unit}.service not found."
            )
        if verb == "is-active":
            call.out("active\n")
            return 0
        if verb == "restart" and unit == "docker":
            self._owner.engine.shut_down()
            call.pause(5.0)
            self._owner.engine.boot()
            return 0
        raise NotImplementedError(f"the sandbox host does no systemctl {verb} {unit}")

    def _reboot(self, _call: Call) -> int:
        self._owner.reboot()
        return 0

    def _shutdown(self, call: Call) -> int:
        options = Parser(("reboot/r", "c", "no-wall")).read(call.arguments)
        when = (options.operands or ["+1"])[0]
        if not options.reboot or not (when == "now" or when.removeprefix("+").isdigit()):
            raise NotImplementedError(f"the sandbox host does no shutdown {call.arguments}")
        minutes = 0 if when == "now" else int(when.removeprefix("+"))
        call.err("Reboot scheduled, use 'shutdown -c' to cancel.")
        timer = threading.Timer(sandbox_seconds(minutes * 60), self._owner.reboot)
        timer.daemon = True
        timer.start()
        return 0

    def _aws(self, call: Call) -> int:
        options = Parser((), ("secret-id", "query", "output", "region", "version-stage")).read(call.arguments)
        if options.operands != ["secretsmanager", "get-secret-value"] or last(options.query) not in (
            "",
            "SecretString",
        ):
            raise NotImplementedError(f"the sandbox host does no aws {' '.join(call.arguments)}")
        try:
            value = self._owner.secret(last(options.secret_id))
        except ClientError as error:
            raise Failed(254, f"\n{error}") from error
        wanted = value["SecretString"] if options.query else value
        call.out(f"{wanted if options.output == ['text'] else json.dumps(wanted)}\n")
        return 0

    def _routes(self, call: Call) -> int:
        """Tell curl where what it may ask for really listens."""
        routes = []
        for (address, port), real in self._owner.engine.published().items():
            hosts = ["localhost", "127.0.0.1", *([self._owner.address] if address == EVERYWHERE else [])]
            routes += [f"{host}:{port}:127.0.0.1:{real}" for host in hosts]
        call.out("".join(f"--connect-to\n{route}\n" for route in [*routes, f"::{_NOTHING}"]))
        return 0


def _filesystem(source: str, kind: str, size: int, used: int, target: str, scale: int) -> dict[str, str]:
    share = f"{math.ceil(used * 100 / size)}%"
    numbers = {"size": size // scale, "used": used // scale, "avail": (size - used) // scale}
    inodes = {"itotal": _INODES, "iused": 214_377, "iavail": _INODES - 214_377}
    shown = {key: str(value) for key, value in (numbers | inodes).items()}
    return {"source": source, "fstype": kind, "target": target, "pcent": share, "ipcent": "2%", **shown}


def _block(text: str) -> int:
    number = text.rstrip("KMG")
    return int(number or 1) * _SCALES.get(text[-1:], 1)
