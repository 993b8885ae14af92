"""Running a script on a host: real bash, as nobody in particular, with the host's own files and stand-ins."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.speed import SPEED

NOBODY = 65_534
STAND_INS = Path(__file__).with_name("stand_ins")
# What a script finds of this machine: what Amazon Linux brings too, beside docker, git and curl. No python, no jq.
_TOOLS = STAND_INS.with_name("programs").read_text().split()
_REAL = ("curl", "du", "timeout", "sleep")
_ASKED = ("docker", "df", "free", "uptime", "systemctl", "reboot", "shutdown", "aws", "routes")
_ROOTS = "data|etc|home|mnt|opt|proc|root|run|srv|tmp|var"
# An absolute path of the host, where a word or a value begins.
_PATH = re.compile(rf"(?<![\w.$}}/*?\])-])/(?=(?:{_ROOTS})(?:[/\s\"';)|&:]|$))")


@dataclass(frozen=True)
class Ended:
    """How a script ended: `how` is done, timed-out, cancelled, or interrupted by the machine going down."""

    code: int
    output: str
    error: str
    how: str = "done"


class Shell:
    """Runs scripts in a host's folder; paths in them, in values and in what they write are the host's own."""

    def __init__(self, folder: Path, port: int, token: str) -> None:
        """Make the PATH; raises RuntimeError where this machine lacks a program, or keeps the folder closed."""
        self.root = folder / "root"
        self._folder = folder
        self._runs = 0
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._interrupted: set[subprocess.Popen[bytes]] = set()
        real = {name: _required(name) for name in (*_REAL, "bash", "git")}
        self._bash = real["bash"]
        self._fill_path(folder / "bin", real)
        for name in ("home/ec2-user", "root", "tmp", "etc", "var/log", "srv", "opt", "run", "data", "mnt"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for path in (self.root, *self.root.rglob("*")):
            if path.is_dir():
                path.chmod(0o777)
        self._environment = {
            "PATH": str(folder / "bin"),
            "HOME": str(self.root / "root"),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            "SANDBOX_HOST_PORT": str(port),
            "SANDBOX_HOST_TOKEN": token,
            "SANDBOX_HOST_SPEED": str(SPEED),
            **{f"SANDBOX_HOST_{name.upper()}": real[name] for name in _REAL},
        }
        self._user: dict[str, object] = {}
        if os.geteuid() == 0:
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            closed = [path for path in folder.parents if not path.stat().st_mode & 0o001]
            if closed:
                raise RuntimeError(
                    f"A host's scripts run as nobody, who may not enter {closed[0]}: choose another folder"
                )

    def inside(self, text: str) -> str:
        """Return a text of the host with its paths as they are on this machine."""
        return _PATH.sub(f"{self.root}/", text)

    def outside(self, text: str) -> str:
        """Return a text with the host's paths as the host knows them."""
        return text.replace(f"{self.root}/", "/").replace(str(self.root), "/")

    def set(self, **variables: str) -> None:
        """Set variables of every script's environment."""
        self._environment |= variables

    def run(
        self,
        script: str,
        variables: Mapping[str, str],
        seconds: float,
        cancelled: Callable[[], bool] = lambda: False,
        folder: str = "/root",
    ) -> Ended:
        """Run a script to its end; `seconds` on this machine's clock."""
        file = self._write(script)
        place, first = file.parent, script.partition("\n")[0]
        # /bin/sh, by which the agent starts a script without a shebang, is bash in POSIX mode on Amazon Linux
        mode = [] if first.startswith("#!") and "bash" in first else ["--posix"]
        values = {name: self.inside(value) for name, value in variables.items()}
        with (place / "stdout").open("wb") as out, (place / "stderr").open("wb") as err:
            process = subprocess.Popen(
                [self._bash, *mode, str(file)],
                cwd=self.inside(folder),
                env={**self._environment, **values},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                **self._user,  # type: ignore[call-overload]
            )
        with self._lock:
            self._running.add(process)
        how = self._await(process, time.monotonic() + seconds, cancelled)
        output, error = (self.outside((place / name).read_text(errors="replace")) for name in ("stdout", "stderr"))
        shutil.rmtree(place)
        return Ended(process.returncode if how == "done" else 137, output, error, how)

    def interrupt(self) -> None:
        """Kill every script that runs, as a machine that goes down does."""
        with self._lock:
            self._interrupted |= self._running
            running = list(self._running)
        for process in running:
            _kill(process)

    def _write(self, script: str) -> Path:
        with self._lock:
            self._runs += 1
            place = self._folder / f"run{self._runs}"
        place.mkdir()
        file = place / "_script.sh"
        file.write_text(self.inside(script))
        place.chmod(0o711)
        file.chmod(0o644)
        return file

    def _await(self, process: subprocess.Popen[bytes], deadline: float, cancelled: Callable[[], bool]) -> str:
        how = "done"
        while True:
            try:
                process.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                if how == "done" and (cancelled() or time.monotonic() > deadline):
                    how = "cancelled" if cancelled() else "timed-out"
                    _kill(process)
        with self._lock:
            self._running.discard(process)
            return "interrupted" if process in self._interrupted else how

    def _fill_path(self, path: Path, real: Mapping[str, str]) -> None:
        path.mkdir()
        for name in _TOOLS:
            found = real.get(name) or shutil.which(name)
            if found:
                (path / name).symlink_to(found)
        for name in (*_REAL, "ask"):
            shutil.copy(STAND_INS / name, path / name)
            (path / name).chmod(0o755)
        for name in _ASKED:
            (path / name).symlink_to("ask")


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _required(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise RuntimeError(f"A simulated host needs {name} on this machine: install it")
    return found
