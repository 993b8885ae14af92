"""The machine under docker: its disk, its memory and its uptime, and the files of /proc that tell of them."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.host.program import GIB, MIB
from sandbox.speed import SPEED

DAY = 86_400.0


class Machine:
    """Sizes in bytes; `system` is what the system itself takes of memory and disk, which no container answers for."""

    def __init__(self, root: Path, disk_used: Callable[[], int], memory_used: Callable[[], int]) -> None:
        self.root = root
        self.disk_size = 30 * GIB
        self.disk_system = 4 * GIB
        self.memory_size = 8 * GIB
        self._disk_used = disk_used
        self._memory_used = memory_used
        self.heal()
        self._proc = threading.Lock()
        (root / "proc").mkdir(parents=True)

    @property
    def uptime(self) -> float:
        """Seconds since it was started, on AWS's clock."""
        return self._before + (time.monotonic() - self._booted) * SPEED

    def disk_free(self) -> int:
        """Return the bytes free on the disk, 0 where it is full."""
        return max(0, self.disk_size - self.disk_system - self._disk_used())

    def disk_taken(self) -> int:
        """Return the bytes used on the disk."""
        return self.disk_size - self.disk_free()

    def memory_available(self) -> int:
        """Return the bytes of memory that are available, 0 where there are none."""
        return max(0, self.memory_size - self.memory_system - self._memory_used())

    def heal(self) -> None:
        """Be as it is when all is well: it has run for a week."""
        self.memory_system = 700 * MIB
        self._before, self._booted = 7.4 * DAY, time.monotonic()
        self._since = int(time.time() - self._before)

    def boot(self) -> None:
        """Start anew: what had leaked is free, the uptime begins."""
        self.memory_system = 600 * MIB
        self._before, self._booted = 0.0, time.monotonic()
        self._since = int(time.time())

    def write_proc(self) -> None:
        """Write what /proc says now."""
        available, total = self.memory_available() // 1024, self.memory_size // 1024
        free = available * 2 // 3
        lines = {"MemTotal": total, "MemFree": free, "MemAvailable": available, "Buffers": 2104}
        lines |= {"Cached": max(0, available - free), "SwapTotal": 0, "SwapFree": 0}
        with self._proc:
            self._write("meminfo", "".join(f"{f'{name}:':<15}{value:>9} kB\n" for name, value in lines.items()))
            self._write("uptime", f"{self.uptime:.2f} {self.uptime * 1.6:.2f}\n")
            self._write("loadavg", "0.42 0.37 0.31 1/312 48211\n")
            self._write("stat", f"cpu  4705 150 1120 16250 520 0 13 0 0 0\nbtime {self._since}\nprocesses 48211\n")

    def _write(self, name: str, text: str) -> None:
        file = self.root / "proc" / name
        fresh = file.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        os.replace(fresh, file)  # noqa: PTH105  a reader finds the old one or the new one
