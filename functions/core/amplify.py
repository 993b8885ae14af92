"""An Amplify app and its branches; of their environment variables only the names."""

from typing import Annotated, Any

from pydantic import StringConstraints

from functions.core import names_only
from functions.core.aws import Session
from functions.core.language import say
from functions.core.listed import Listed, listed
from functions.core.regional import InRegion

APP = "arn:aws:amplify:*:{account}:apps/{app}"  # {region} is the service's; an id is unique in all regions
# AWS's table has a list on what it is in, its refusals name the list itself: aws-amplify/amplify-hosting#2245
WITHIN = f"{APP}/branches/*"
PAGE = 50


class OfApp(InRegion):
    """An Amplify app, by id, and its region."""

    app: Annotated[str, StringConstraints(pattern=r"^d[a-z0-9]{1,19}$")]


def client(aws: Session, parameters: OfApp) -> Any:
    """Return the client of the app's region."""
    return names_only.client(aws, "amplify", parameters.region)


def read(aws: Session, parameters: OfApp) -> Any:
    """Read the app; None where there is none."""
    amplify = client(aws, parameters)
    try:
        return amplify.get_app(appId=parameters.app)["app"]
    except amplify.exceptions.NotFoundException:
        return None


def branches(aws: Session, parameters: OfApp, share: int = 1) -> Listed[Any]:
    """List the app's branches, in a share of the time."""
    pages = client(aws, parameters).get_paginator("list_branches")
    of_app = pages.paginate(appId=parameters.app, PaginationConfig={"PageSize": PAGE})
    return listed(of_app, lambda page: page["branches"], share)


def missing(parameters: OfApp) -> str:
    """Say that there is no such app."""
    return say("there is no Amplify app {app} in {region}", app=parameters.app, region=parameters.region)
