"""Does an Amplify app deploy a branch, and how did that end the last time?"""

from typing import Any

from functions.core import amplify, amplify_jobs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import Branch
from functions.core.language import marked, say
from functions.core.listed import Listed, told
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.template import readable

SHARE = 2  # of the time, for the branches and for the jobs
SUMMARY = marked(
    "{app}, branch {branch}: stage {stage}, enableAutoBuild {autobuild}; the last job that ended: {status}"
)
NO_BRANCH = marked("none of the {count} branches of {app} is called {branch}")


class AmplifyJobs(amplify.OfApp):
    """An Amplify app, by id, its region, and the branch that it deploys."""

    branch: Branch


@check(
    allow("amplify:GetApp", "amplify:ListBranches", on=amplify.APP),
    allow("amplify:ListBranches", "amplify:ListJobs", on=amplify.WITHIN),
    signals={
        "no-app": "There is no such Amplify app",
        "no-branch": "The Amplify app has no such branch",
        "last-job-failed": "The last job of the branch that ended has failed",
    },
)
def handler(parameters: AmplifyJobs, aws: Session) -> Finding:
    """Is the branch deployed? Source: Huntaze, 5, Amplify."""
    app = amplify.read(aws, parameters)
    if app is None:
        return Finding(summary=amplify.missing(parameters), signals={"no-app": True, "no-branch": True})
    branches = amplify.branches(aws, parameters, SHARE)
    named = Listed([one for one in branches.found if one["branchName"] == parameters.branch], branches.whole)
    facts = {
        "app": app["name"],
        "platform": app.get("platform"),
        "domain": app.get("defaultDomain"),
        "service_role": bool(app.get("iamServiceRoleArn")),
        "branches": len(branches.found),
    }
    if not named.found:
        text = say(NO_BRANCH, app=app["name"], branch=parameters.branch, count=len(branches.found))
        signals = {"no-app": False, "no-branch": named.none}
        return Finding(summary=told(text, whole=named.whole), signals=signals, facts=facts)
    return _of_branch(named.found[0], amplify_jobs.read(aws, parameters, parameters.branch, SHARE), facts)


def _of_branch(branch: Any, jobs: Listed[Any], facts: dict[str, Any]) -> Finding:
    latest = amplify_jobs.latest(jobs)
    status = amplify_jobs.outcome(latest)
    of_branch = {"stage": branch.get("stage"), "autobuild": branch.get("enableAutoBuild"), "status": status}
    said = {name: readable(fact) for name, fact in of_branch.items()}
    failed = None if status is None else status == "FAILED"
    return Finding(
        summary=told(say(SUMMARY, app=facts["app"], branch=branch["branchName"], **said), whole=jobs.whole),
        signals={"no-app": False, "no-branch": False, "last-job-failed": failed},
        facts=facts | of_branch,
        evidence=[amplify_jobs.line(job) for job in latest],
    )
