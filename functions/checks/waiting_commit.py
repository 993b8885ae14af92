"""Does a branch have a commit that the host does not run yet?"""

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Branch, CommitStart, Folder
from functions.core.hosts import OnHost, host_check
from functions.core.language import marked, say
from functions.core.output import pairs
from functions.core.results import Finding

SHORT = 12
SUMMARY = marked("{branch} is at commit {tip}, the host at {commit}")


class WaitingCommit(OnHost):
    """The project's folder, its branch, and the commit or its start that is to be deployed; "" for the newest one."""

    directory: Folder
    branch: Branch
    wanted: CommitStart


@host_check(
    "look_branch",
    signals={
        "behind": "The branch has a commit that the host does not have",
        "ahead": "The host has commits that the branch does not have",
        "other-commit": "The newest commit of the branch is another one than was asked for",
    },
)
def handler(parameters: WaitingCommit, aws: Session) -> Finding:
    """What would a deployment bring? Source: Harena, Déploiement standard, 1."""
    of, branch = parameters.directory, parameters.branch
    known = dict(pairs(hosts.run(aws, parameters.instance, "look_branch", directory=of, branch=branch).output))
    commit, tip, ahead = known["commit"], known["tip"], known["ahead"] == "yes"
    return Finding(
        summary=say(SUMMARY, branch=branch, tip=tip[:SHORT], commit=commit[:SHORT]),
        signals={
            "behind": commit != tip and not ahead,
            "ahead": ahead,
            "other-commit": not tip.startswith(parameters.wanted),
        },
        facts={"commit": commit, "tip": tip},
    )
