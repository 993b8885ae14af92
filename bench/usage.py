"""What a Python program costs: CPU time and memory of one fresh process.

Started by a small process of its own (`python -m bench.usage FOLDER CODE`), because Linux counts the memory of whoever
starts a program into that program's peak.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Usage(NamedTuple):
    """CPU seconds, in user and system mode together, and the peak of resident memory in bytes."""

    cpu: float
    memory: float


class Program(NamedTuple):
    """A Python program, its variables, and the folder it runs in."""

    code: str
    environment: Mapping[str, str]
    directory: Path


def run(program: Program) -> Usage:
    """Run a program once.

    Raises:
        RuntimeError: with what it printed, when it fails.
    """
    command = [sys.executable, "-m", "bench.usage", str(program.directory), program.code]
    ran = subprocess.run(command, env=program.environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"this failed:\n{program.code}\n{ran.stderr}")
    return Usage(*json.loads(ran.stdout))


def compare(rounds: Iterable[Sequence[Program]]) -> list[Usage]:
    """Run the programs of each round in turn, before the next round is asked for, and return the medians of each.

    The first round is not counted.
    """
    taken = [[run(program) for program in programs] for programs in rounds][1:]
    return [
        Usage(median(one.cpu for one in column), median(one.memory for one in column))
        for column in zip(*taken, strict=True)
    ]


def _launch(directory: str, code: str) -> int:
    # -S: with what functions deploy alone, as the sandbox runs them. _exit: Lambda never waits for Python to tidy up.
    command = [sys.executable, "-S", "-c", f"{code}\nimport os\nos._exit(0)"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
    return process.returncode


if __name__ == "__main__":
    sys.exit(_launch(*sys.argv[1:]))
