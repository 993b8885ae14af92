"""Which secrets are in the environment variables of an Amplify app, by their names?"""

from functions.core import amplify, variables
from functions.core.aws import Session
from functions.core.check import check
from functions.core.language import say
from functions.core.listed import Listed
from functions.core.permissions import allow
from functions.core.results import Finding
from functions.core.variables import Holder


class AmplifyVariables(amplify.OfApp):
    """An Amplify app, by id, and its region."""


@check(
    allow("amplify:GetApp", "amplify:ListBranches", on=amplify.APP),
    allow("amplify:ListBranches", on=amplify.WITHIN),
    signals={
        "aws-keys": "Long-term access keys of AWS are in the app's environment variables",
        "secret-names": "Environment variables of the app are named as secrets are",
        "no-app": "There is no such Amplify app",
    },
)
def handler(parameters: AmplifyVariables, aws: Session) -> Finding:
    """Are secrets in the app's or its branches' variables? Source: Huntaze, 3 "IAM"; 5, Amplify."""
    app = amplify.read(aws, parameters)
    if app is None:
        nothing = {"aws-keys": False, "secret-names": False, "no-app": True}
        return Finding(summary=amplify.missing(parameters), signals=nothing)
    branches = amplify.branches(aws, parameters)
    # what branches that Amplify makes by itself will have
    future = _holder(say("every new branch"), app.get("autoBranchCreationConfig", {}))
    of_branches = [_holder(one["branchName"], one) for one in branches.found]
    holders = Listed([_holder(app["name"], app), future, *of_branches], branches.whole)
    count, name = len(of_branches), app["name"]
    return Finding(
        summary=say("{app}, branches: {branches}; {told}", app=name, branches=count, told=variables.summary(holders)),
        signals=variables.answers(holders) | {"no-app": False},
        facts=variables.facts(holders) | {"app": name, "branches": count},
        evidence=variables.evidence(holders),
    )


def _holder(name: str, of: dict[str, dict[str, str]]) -> Holder:
    return Holder(name, list(of.get("environmentVariables", {})))
