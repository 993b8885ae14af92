import os
from pathlib import Path

import pytest

from bench import usage
from bench.usage import Program


def program(code: str, directory: Path) -> Program:
    return Program(code, dict(os.environ), directory)


def test_cpu_time_and_memory_are_the_programs_own(tmp_path: Path) -> None:
    ballast = bytearray(300 * 1024**2)
    idle = usage.run(program("import time; time.sleep(0.3)", tmp_path))
    busy = usage.run(program("import time\nwhile time.process_time() < 0.3: pass", tmp_path))
    large = usage.run(program("x = bytearray(100 * 1024**2)", tmp_path))
    assert idle.cpu < 0.2 < busy.cpu
    assert idle.memory < 100 * 1024**2 < large.memory < len(ballast)


def test_program_runs_in_its_folder(tmp_path: Path) -> None:
    usage.run(program("open('here', 'w').close()", tmp_path))
    assert (tmp_path / "here").exists()


def test_program_that_fails_is_an_error_that_shows_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"1/0[\s\S]*ZeroDivisionError"):
        usage.run(program("1/0", tmp_path))


def test_first_round_does_not_count(tmp_path: Path) -> None:
    rounds = [[program("bytearray(200 * 1024**2)" if first else "pass", tmp_path)] for first in (True, False)]
    assert usage.compare(rounds)[0].memory < 100 * 1024**2
