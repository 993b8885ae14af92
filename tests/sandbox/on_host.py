"""Scripts that tests run on Harena's host, in its project's folder."""

from sandbox.harena import FOLDER, Harena
from sandbox.harena_files import FILE
from sandbox.host.shell import Ended


def run(harena: Harena, script: str, seconds: float = 30.0) -> Ended:
    """Run a script in the project's folder; `compose` is docker compose with its file."""
    prelude = f'compose() {{ docker compose -f {FILE} "$@"; }}\ncd {FOLDER}\n'
    return harena.host.run(prelude + script, seconds=seconds)


def output(harena: Harena, script: str) -> str:
    """Return what a script says; the test fails where it fails."""
    ended = run(harena, script)
    assert ended.code == 0, ended
    return ended.output
