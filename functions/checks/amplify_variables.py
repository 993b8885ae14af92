"""Which secrets are in the environment variables of an Amplify app, by their names?"""

from typing import Annotated

from pydantic import StringConstraints

from functions.core import names_only, variables
from functions.core.aws import Session
from functions.core.check import check
from functions.core.fields import Region
from functions.core.language import say
from functions.core.listed import Listed, listed
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters
from functions.core.variables import Holder

APP = "arn:aws:amplify:*:{account}:apps/{app}"  # {region} is the service's; an id is unique in all regions
PAGE = 50


class AmplifyVariables(Parameters):
    """An Amplify app, by id, and its region."""

    region: Region
    app: Annotated[str, StringConstraints(pattern=r"^d[a-z0-9]{1,19}$")]


@check(
    allow("amplify:GetApp", "amplify:ListBranches", on=APP),
    signals={
        "aws-keys": "Long-term access keys of AWS are in the app's environment variables",
        "secret-names": "Environment variables of the app are named as secrets are",
        "no-app": "There is no such Amplify app",
    },
)
def handler(parameters: AmplifyVariables, aws: Session) -> Finding:
    """Are secrets in the app's or its branches' variables? Source: Huntaze, 3 "IAM"; 5, Amplify."""
    amplify = names_only.client(aws, "amplify", parameters.region)
    try:
        app = amplify.get_app(appId=parameters.app)["app"]
    except amplify.exceptions.NotFoundException:
        missing = say("there is no Amplify app {app} in {region}", **parameters.model_dump())
        return Finding(summary=missing, signals={"aws-keys": False, "secret-names": False, "no-app": True})
    pages = amplify.get_paginator("list_branches").paginate(appId=parameters.app, PaginationConfig={"PageSize": PAGE})
    branches = listed(pages, lambda page: [_holder(one["branchName"], one) for one in page["branches"]])
    # what branches that Amplify makes by itself will have
    future = _holder(say("every new branch"), app.get("autoBranchCreationConfig", {}))
    holders = Listed([_holder(app["name"], app), future, *branches.found], branches.whole)
    count, name = len(branches.found), app["name"]
    return Finding(
        summary=say("{app}, branches: {branches}; {told}", app=name, branches=count, told=variables.summary(holders)),
        signals=variables.answers(holders) | {"no-app": False},
        facts=variables.facts(holders) | {"app": name, "branches": count},
        evidence=variables.evidence(holders),
    )


def _holder(name: str, of: dict[str, dict[str, str]]) -> Holder:
    return Holder(name, list(of.get("environmentVariables", {})))
