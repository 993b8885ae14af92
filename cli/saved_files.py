"""A folder of answers that the AWS CLI gave."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cli.saved_commands import Command
from cli.unusable import NotReadable
from functions.core.language import say

WHEN = "saved-at"
REFUSAL = re.compile(
    r"An error occurred \((?P<code>[^()]+)\) when calling the \w+ operation(?: \([^()]*\))?: (?P<message>.*)", re.DOTALL
)


class Refused(Exception):
    """AWS has refused to answer."""

    def __init__(self, code: str, message: str) -> None:
        """Take the code and the message that it gave."""
        super().__init__(message)
        self.code = code


class Part(NamedTuple):
    """A file, by its name, and the JSON in it."""

    file: str
    said: Any


class Folder:
    """Saved answers."""

    def __init__(self, path: Path) -> None:
        """Take a folder."""
        self.path = path

    @property
    def saved_at(self) -> datetime | None:
        """When the first of them was saved; None where there is none.

        Raises:
            NotReadable: when there is no such folder, or it does not say when, as collect.sh does.
        """
        if not self.path.is_dir():
            raise NotReadable(say("there is no folder {folder}", folder=self.path))
        times = [one.stat().st_mtime for one in self.path.iterdir() if one.suffix in {".json", ".error"}]
        when = self.path / WHEN
        if not when.exists():
            return datetime.fromtimestamp(min(times), UTC) if times else None
        try:
            return datetime.fromisoformat(when.read_text(encoding="utf-8").strip()).astimezone(UTC)
        except ValueError as error:
            raise NotReadable(say("{file} tells no time", file=WHEN)) from error

    def parts(self, command: Command) -> list[Part]:
        """Read the files of a command's answer; none where it was not saved.

        Raises:
            Refused: when AWS did not give it.
            NotReadable: when a file is not JSON.
        """
        return list(self._parts(command))

    def _parts(self, command: Command) -> Iterator[Part]:
        number, name = 1, command.file
        while (path := self._file(name)) is not None:
            yield Part(path.name, _read(path, command))
            number += 1
            name = f"{command.file}~{number}"

    def _file(self, name: str) -> Path | None:
        """Find the file of an answer; None where there is none, as of a name that is too long for one."""
        for path in (self.path / f"{name}.json", self.path / f"{name}.error"):
            try:
                if path.exists():
                    return path
            except OSError:
                return None
        return None


def _read(path: Path, command: Command) -> Any:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path.name}: {error.strerror}") from error
    if path.suffix == ".json":
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            pass
    text = " ".join(content.decode(errors="replace").replace("\0", "").split())  # UTF-16 has them between letters
    if refusal := REFUSAL.search(text):
        raise Refused(**refusal.groupdict())
    raise NotReadable(_useless(path, text, command))


def _useless(path: Path, text: str, command: Command) -> str:
    """Say why nothing can be made of a file's text."""
    if path.suffix == ".error":
        return say("{file}: the command failed: {text}", file=path.name, text=text)
    if not text:
        # which the CLI also prints where there is nothing to tell
        brackets = {"file": path.name, "nothing": "{}", "command": command}
        return say("{file} is empty; save it again: {command}, and if that prints nothing, write {nothing}", **brackets)
    return say("{file} is not JSON; save it again: {command}", file=path.name, command=command)
