"""Which commit does a compose project run?"""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Branch, CommitStart
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.output import objects, pairs
from functions.core.results import Finding
from functions.core.template import readable

SHORT = 12
UNNAMED = {"", "<none>"}  # what docker calls an image whose name another one has got since
SUMMARY = marked("commit {commit} of {branch}; changed by hand: {dirty}; not from their newest image: {outdated}")


class DeployedCommit(OfCompose):
    """The branch to be on, and the commit or its start that is expected there; "" is any."""

    branch: Branch
    expected: CommitStart = ""


@host_check(
    "look_version",
    signals={
        "other-commit": "Another commit is checked out than the expected one",
        "other-branch": "Another branch is checked out than the one that is deployed",
        "dirty": "Files of the project were changed by hand",
        "not-recreated": "A container runs from an older image than was built last",
    },
)
def handler(parameters: DeployedCommit, aws: Session) -> Finding:
    """Which commit and images run? Source: Harena, Déploiement standard; incident 2025-10-24."""
    said = hosts.run(
        aws, parameters.instance, "look_version", directory=parameters.directory, file=parameters.file
    ).output
    known, start = dict(pairs(said)), said.find("\n[")
    commit, branch, dirty = known["commit"], known["branch"], known["dirty"] == "yes"
    images = objects(said[start:] if start >= 0 else said)
    outdated = [one["ContainerName"] for one in images if one.get("Repository", "") in UNNAMED]
    facts = {"commit": commit, "branch": branch, "dirty": dirty, "outdated": outdated}
    told = {"commit": commit[:SHORT], "branch": branch, "outdated": readable(outdated)}
    return Finding(
        summary=say(SUMMARY, **told, dirty=say("yes") if dirty else say("no")),
        signals={
            "other-commit": not commit.startswith(parameters.expected),
            "other-branch": branch != parameters.branch,
            "dirty": dirty,
            "not-recreated": bool(outdated),
        },
        facts=facts,
        evidence=[f"{one['ContainerName']}: {one.get('Repository')}:{one.get('Tag')} {one['ID']}" for one in images],
    )
