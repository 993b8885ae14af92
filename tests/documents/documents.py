"""The documents as SSM reads them, and a host that runs their scripts with the real shell."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[2] / "documents"
PATHS = sorted(FOLDER.glob("*.yaml"))
NAMES = [path.stem for path in PATHS]
# What records how it was called, at once as others may do so too, and then does what a test wrote
FAKE = """#!/bin/bash
printf '%s\\0' "${0##*/}" "$@" $'\\1' >>"$CALLS"
words=" $* "
"""
FAKED = ("aws", "cat", "curl", "df", "docker", "du", "git", "runuser", "shutdown")


def document(name: str) -> dict[str, Any]:
    """Read a document."""
    content: dict[str, Any] = YAML(typ="safe").load(FOLDER / f"{name}.yaml")
    return content


def script(name: str) -> str:
    """Return what a document runs, as the agent writes it into a file."""
    return "\n".join(document(name)["mainSteps"][0]["inputs"]["runCommand"])


def patterns() -> Iterator[tuple[str, str, str]]:
    """List every parameter: its document, name and pattern."""
    for name in NAMES:
        for parameter, declared in document(name)["parameters"].items():
            yield name, parameter, declared["allowedPattern"]


def admitted(pattern: str, value: str) -> bool:
    """Say whether a value passes as the service applies a pattern, or as the agent does.

    The service wants the whole value to match, as AWS's own documents rely on. The agent looks with an engine that has
    no lookarounds, where `$` is the value's very end: pydantic's is such a one.
    """
    try:
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)]).validate_python(value)
    except ValidationError:
        return re.fullmatch(pattern, value) is not None
    return True


class Host:
    """A folder where scripts run, and what they called there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project = folder, folder / "project"
        self.bin, self.answers, self.calls_file = folder / "bin", folder / "answers", folder / "calls"
        for one in (self.bin, self.answers, self.project):
            one.mkdir()
        self.programs: dict[str, dict[str, str]] = {name: {"": ""} for name in FAKED}
        for name in FAKED:
            self.does(name, "")

    def answer(self, command: str, text: str, word: str = "") -> None:
        """Let a command answer a text, or that one of its calls which has a word."""
        file = self.answers / str(len(list(self.answers.iterdir())))
        file.write_text(text, encoding="utf-8")
        self.does(command, f"/bin/cat {file}", word)

    def does(self, command: str, program: str, word: str = "") -> None:
        """Let a command do something."""
        programs = self.programs.setdefault(command, {"": ""})
        programs[word] = program
        named = [f'if [[ "$words" == *" {word} "* ]]; then {one}; exit; fi' for word, one in programs.items() if word]
        (self.bin / command).write_text("\n".join([FAKE, *named, programs[""], ""]), encoding="utf-8")
        (self.bin / command).chmod(0o755)

    def run(self, name: str, shell: str = "bash", **values: str) -> subprocess.CompletedProcess[str]:
        """Run a document's script, whatever its patterns say of the values."""
        file = self.folder / "_script.sh"
        file.write_text(script(name), encoding="utf-8")
        environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "CALLS": str(self.calls_file),
            **{f"SSM_{parameter}": value for parameter, value in values.items()},
        }
        return subprocess.run(
            [shell, str(file)],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    @property
    def calls(self) -> list[list[str]]:
        """Every command that was called, with its arguments as they arrived; without asking docker whether it is up."""
        text = self.calls_file.read_text(encoding="utf-8") if self.calls_file.exists() else ""
        calls = [call.removesuffix("\0").split("\0") for call in text.split("\1\0") if call]
        return [call for call in calls if call != ["docker", "version"]]
