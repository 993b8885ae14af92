"""Amplify answers who looks at an app, in the app's own region, and lets in whom IAM lets in."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.amplify import App
from sandbox.clients import client
from sandbox.cloud import Sandbox
from sandbox.context import current

APP = "d33l77zi1h78ce"
ARN = f"arn:aws:amplify:us-east-1:123456789012:apps/{APP}"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in us-east-1, with one app."""
    with Sandbox(region="us-east-1") as started:
        current().amplify.add("us-east-1", APP, "huntaze", environmentVariables={"LOG_LEVEL": "info"})
        yield started
        assert started.unsimulated == []


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[App]:  # noqa: ARG001
    """The app, whose branches are gone afterwards."""
    found = current().amplify.app("us-east-1", APP)
    yield found
    found.branches.clear()
    found.jobs.clear()


def test_app_is_told_with_its_variables(sandbox: Sandbox) -> None:
    told = sandbox.client("amplify").get_app(appId=APP)["app"]
    assert (told["name"], told["appArn"], told["platform"]) == ("huntaze", ARN, "WEB_COMPUTE")
    assert told["environmentVariables"] == {"LOG_LEVEL": "info"}


def test_branches_and_jobs_come_in_pages(sandbox: Sandbox, app: App) -> None:
    amplify = sandbox.client("amplify")
    app.branches = {name: {"branchName": name, "stage": "PRODUCTION"} for name in ("main", "next", "old")}
    app.jobs["main"] = [{"jobId": str(number), "status": "SUCCEED", "startTime": 1.0 * number} for number in (3, 2, 1)]

    def every(operation: str, items: str, **asked: Any) -> list[Any]:
        pages = list(amplify.get_paginator(operation).paginate(appId=APP, PaginationConfig={"PageSize": 2}, **asked))
        assert [len(page[items]) for page in pages] == [2, 1]
        return [one for page in pages for one in page[items]]

    assert [one["branchName"] for one in every("list_branches", "branches")] == ["main", "next", "old"]
    assert [one["jobId"] for one in every("list_jobs", "jobSummaries", branchName="main")] == ["3", "2", "1"]
    assert amplify.list_jobs(appId=APP, branchName="old")["jobSummaries"] == []
    assert amplify.get_branch(appId=APP, branchName="next")["branch"]["stage"] == "PRODUCTION"


@pytest.mark.parametrize("asked", [{"operation": "list_jobs", "branchName": "gone"}, {"operation": "get_app"}])
def test_what_is_missing_is_not_found(sandbox: Sandbox, asked: dict[str, str]) -> None:
    amplify = sandbox.client("amplify")
    app = {"appId": APP if "branchName" in asked else "dother"}
    with pytest.raises(amplify.exceptions.NotFoundException, match="not found"):
        getattr(amplify, asked.pop("operation"))(**app, **asked)


def test_an_app_of_another_region_is_missing() -> None:
    elsewhere = client("amplify", region="us-east-2")
    with pytest.raises(elsewhere.exceptions.NotFoundException):
        elsewhere.get_app(appId=APP)


def test_policies_are_for_apps_and_for_what_is_in_them(sandbox: Sandbox, app: App) -> None:
    app.branches["main"] = {"branchName": "main"}
    iam = sandbox.client("iam")
    iam.create_user(UserName="auditor")
    amplify = client("amplify", iam.create_access_key(UserName="auditor")["AccessKey"]["AccessKeyId"])

    def allow(action: str, resource: str) -> None:
        statement = f'{{"Effect": "Allow", "Action": "amplify:{action}", "Resource": "{resource}"}}'
        document = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
        iam.put_user_policy(UserName="auditor", PolicyName="looks", PolicyDocument=document)

    allow("*", ARN)
    assert amplify.get_app(appId=APP)["app"]["name"] == "huntaze"
    with pytest.raises(
        ClientError, match=rf"AccessDeniedException.*amplify:ListBranches on resource: {ARN}/branches/\*"
    ):
        amplify.list_branches(appId=APP)
    allow("*", f"{ARN}/branches/*")
    assert len(amplify.list_branches(appId=APP)["branches"]) == 1
    assert amplify.list_jobs(appId=APP, branchName="main")["jobSummaries"] == []
    with pytest.raises(ClientError, match=f"amplify:GetApp on resource: {ARN}"):
        amplify.get_app(appId=APP)
