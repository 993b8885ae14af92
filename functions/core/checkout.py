"""The names of a git checkout's files, and of those that its history has; contents stay unread."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import NamedTuple

from functions.core.language import say
from functions.core.listed import Listed
from functions.core.results import printable

SECONDS, BYTES, CHUNK = 30.0, 64 * 2**20, 2**16  # for one command, of what it prints, and of that at once
# Whatever the checkout's own configuration says, git runs no program, asks no server, and hides nothing
OPTIONS = ("--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "log.showRoot=true")
VARIABLES = {"GIT_ALLOW_PROTOCOL": ""}
KIND = ("rev-parse", "--is-inside-work-tree", "--is-shallow-repository")
COMMIT = ("rev-list", "--all", "--max-count=1")
TREE = ("ls-files", "-z", "--full-name", "--", ":/")
# -c for what only a merge has added; no renames, as what was renamed would not count as added
HISTORY = (
    *("log", "--all", "-c", "--no-renames", "--diff-filter=A", "--name-only", "-z", "--format="),
    *("--no-relative", "--no-show-signature"),
)


class NoCheckout(Exception):
    """A folder is no checkout of a git repository that can be read; the message says what to do."""


class Answer(NamedTuple):
    """What git printed, and on its standard error; whether it succeeded."""

    printed: str
    complained: str
    well: bool


class Files(NamedTuple):
    """Paths in the tree, and in its history; whether the clone is shallow, and has a commit (None: unknown)."""

    tree: Listed[str]
    history: Listed[str]
    shallow: bool
    commit: bool | None

    @property
    def whole(self) -> bool:
        """Say whether that is all there is and was, of which there is something."""
        return self.tree.whole and self.history.whole and not self.shallow and bool(self.commit)


def read(folder: str, meant: Callable[[str], bool]) -> Files:
    """Read the paths that are meant.

    Raises:
        NoCheckout: when there is no work tree of git in the folder, or no git.
    """
    if not folder:  # which git takes for the folder where this runs
        raise NoCheckout(say("no folder is named: make audit CHECKOUT=path of a checkout"))
    kind, commit = _answer(folder, KIND), _answer(folder, COMMIT)
    if not kind.printed.startswith("true"):
        why = kind.complained or say("git did not answer in time")
        why = say("it has no work tree") if kind.well else why
        told = say("{folder} is no checkout ({why}): make audit CHECKOUT=path of a checkout", folder=folder, why=why)
        raise NoCheckout(printable(told))
    return Files(
        tree=_paths(folder, TREE, meant),
        history=_paths(folder, HISTORY, meant),
        shallow=not kind.printed.endswith("false"),
        commit=bool(commit.printed) if commit.well else None,
    )


def _paths(folder: str, command: tuple[str, ...], meant: Callable[[str], bool]) -> Listed[str]:
    """Choose of the paths that a command prints; not all of them where git fails, takes too long or prints too much."""
    found, rest, left = dict[str, None](), b"", BYTES
    with _running(folder, command, errors=subprocess.DEVNULL) as git:
        while chunk := git.stdout.read(CHUNK):  # type: ignore[union-attr]  # it is piped
            left -= len(chunk)
            if left < 0:
                git.kill()
            *ended, rest = (rest + chunk).split(b"\0")
            paths = (path.decode(errors="backslashreplace") for path in ended)
            found |= dict.fromkeys(filter(meant, paths))
    return Listed(list(found), whole=git.returncode == 0)


def _answer(folder: str, command: tuple[str, ...]) -> Answer:
    """Read what a command prints that prints little."""
    with _running(folder, command, errors=subprocess.PIPE) as git:
        printed, complained = (text.decode(errors="replace").strip() for text in git.communicate())
    return Answer(printed, complained, well=git.returncode == 0)


@contextmanager
def _running(folder: str, command: tuple[str, ...], errors: int) -> "Iterator[subprocess.Popen[bytes]]":
    """Run git for a time, in an environment in which nothing points it elsewhere, as a hook's does."""
    git = shutil.which("git")
    if not git:
        raise NoCheckout(say("there is no git on this machine: install it, and look again"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | VARIABLES
    arguments, pipe, none = [git, *OPTIONS, "-C", folder, *command], subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(arguments, stdin=none, stdout=pipe, stderr=errors, env=env) as process:  # noqa: S603  no shell
        stop = Timer(SECONDS, process.kill)
        stop.start()
        try:
            yield process
        finally:
            stop.cancel()
