"""Are there files in a repository, or in its history, that never should be there?"""

from functions.core import checkout
from functions.core.aws import Session
from functions.core.check import check
from functions.core.checkout import Files
from functions.core.language import marked, say
from functions.core.listed import proven, told
from functions.core.results import Finding, Parameters, shortened
from functions.core.secret_files import is_secret_file, is_state

SHOWN = 4
TOLD = marked(
    "files of Terraform's state: {states}; files named as secrets are: {secrets}; in the tree or in its history"
)
SHALLOW = marked("{told}; the clone is shallow: fetch the rest of its history (git fetch --unshallow), and look again")
HERE, GONE = marked("in the tree: {path}"), marked("only in history: {path}")
EMPTY = marked("{told}; there is no commit in {folder} yet")


class RepositoryFiles(Parameters):
    """A checkout's folder on this machine."""

    folder: str


@check(
    signals={
        "state-files": "Terraform's state is in the repository, or was",
        "secret-files": "Files that are named as secrets are in the repository, or were",
        "none": "There is no git repository here with a commit",
    },
)
def handler(parameters: RepositoryFiles, aws: Session) -> Finding:  # noqa: ARG001
    """Are secrets or states in git? Source: Huntaze, 3 "Secrets/state files dans repo" and "IaC gaps"."""
    files = checkout.read(parameters.folder, lambda path: is_state(path) or is_secret_file(path))
    now, ever = set(files.tree.found), {*files.tree.found, *files.history.found}
    found = sorted(ever, key=lambda path: (path not in now, path))
    states, secrets = [[path for path in found if meant(path)] for meant in (is_state, is_secret_file)]

    def lines(paths: list[str]) -> list[str]:
        return shortened([say(HERE if path in now else GONE, path=path) for path in paths], SHOWN)

    return Finding(
        summary=_told(files, parameters.folder, states=len(states), secrets=len(secrets)),
        signals={
            "state-files": proven([bool(states)], whole=files.whole),
            "secret-files": proven([bool(secrets)], whole=files.whole),
            "none": None if files.commit is None else not files.commit,
        },
        facts={"states": states, "secrets": secrets, "whole": files.whole},
        evidence=lines(states) + lines([path for path in secrets if path not in states]),
    )


def _told(files: Files, folder: str, **counts: int) -> str:
    text = say(TOLD, **counts)
    if files.commit is False:
        return say(EMPTY, told=text, folder=folder)
    return say(SHALLOW, told=text) if files.shallow else told(text, whole=files.whole)
