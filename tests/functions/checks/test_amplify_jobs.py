import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.checks.amplify_jobs import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.amplify import APP, Amplify, serving
from tests.functions.answering import Answer
from tests.functions.conftest import RunCheck

ELSEWHERE = "us-east-1"
FINE = {"no-app": False, "no-branch": False, "last-job-failed": False}
PLANTED = "p1anted-s3cret"
COMMIT = "4f3c1f0b8a6d2e7c9b5a4f3c1f0b8a6d2e7c9b5a"
BEGUN = datetime(2026, 1, 5, 23, 30, tzinfo=UTC).astimezone()
MORE = {
    "platform": "WEB_COMPUTE",
    "defaultDomain": f"{APP}.amplifyapp.com",
    "iamServiceRoleArn": "arn:aws:iam::123456789012:role/amplify",
    "stage": "PRODUCTION",
    "enableAutoBuild": True,
}


@pytest.fixture
def amplify(aws: Session) -> Iterator[Amplify]:
    """An app in another region, with two branches; one has no job yet."""
    amplify = Amplify(branches={"main": {"JWT_SECRET": PLANTED}, "staging": {}}, more=dict(MORE))
    with serving(amplify, aws, ELSEWHERE):
        yield amplify


def job(number: int, status: str = "SUCCEED", **other: Any) -> Answer:
    """Tell of a job: they begin an hour apart, and take a quarter of one."""
    start = BEGUN + timedelta(hours=number)
    told = {"jobId": str(number), "status": status, "commitId": COMMIT, "commitMessage": PLANTED, "startTime": start}
    return told | ({} if status == "RUNNING" else {"endTime": start + timedelta(minutes=15)}) | other


def look(run_check: RunCheck, **other: Any) -> Finding:
    return run_check(handler, **{"region": ELSEWHERE, "app": APP, "branch": "main"} | other)


def test_deployed(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.jobs = [job(2), job(1, "FAILED")]
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {
        "app": "huntaze",
        "platform": "WEB_COMPUTE",
        "domain": f"{APP}.amplifyapp.com",
        "service_role": True,
        "branches": 2,
        "stage": "PRODUCTION",
        "autobuild": True,
        "status": "SUCCEED",
    }
    assert finding.summary == (
        "huntaze, branch main: stage PRODUCTION, enableAutoBuild True; the last job that ended: SUCCEED"
    )
    assert finding.evidence == [f"job 2: SUCCEED, commit {COMMIT}, from 2026-01-06 01:30 to 2026-01-06 01:45"]


def test_the_last_job_failed(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.jobs = [job(1), job(2, "FAILED")]  # in whichever order they are told
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": True}
    assert finding.evidence == [f"job 2: FAILED, commit {COMMIT}, from 2026-01-06 01:30 to 2026-01-06 01:45"]


@pytest.mark.parametrize("status", ["CREATED", "PENDING", "PROVISIONING", "RUNNING", "CANCELLING", "CANCELLED"])
@pytest.mark.parametrize(("before", "failed"), [("FAILED", True), ("SUCCEED", False)])
def test_what_still_runs_or_was_cancelled_leaves_the_one_before(
    run_check: RunCheck, amplify: Amplify, status: str, before: str, *, failed: bool
) -> None:
    amplify.jobs = [job(3, status), job(2, before), job(1, "FAILED")]
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": failed}
    assert [line.partition(",")[0] for line in finding.evidence] == [f"job 3: {status}", f"job 2: {before}"]


def test_without_a_job_that_ended_it_is_unknown(run_check: RunCheck, amplify: Amplify) -> None:
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": None}
    assert finding.summary.endswith("the last job that ended: unknown")
    amplify.jobs = [job(1, "RUNNING")]
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": None}
    assert finding.evidence == [f"job 1: RUNNING, commit {COMMIT}, from 2026-01-06 00:30 to unknown"]


@pytest.mark.parametrize("missing", ["startTime", "status"])
def test_where_the_order_is_unknown_so_is_the_last_one(run_check: RunCheck, amplify: Amplify, missing: str) -> None:
    amplify.jobs = [job(2), job(1)]
    del amplify.jobs[1][missing]
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": None}
    assert finding.evidence == []


def test_only_the_jobs_of_the_branch_count(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.jobs = [job(1)]
    finding = look(run_check, branch="staging")
    assert finding.signals == FINE | {"last-job-failed": None}
    assert finding.summary.startswith("huntaze, branch staging: ")


def test_no_branch(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.jobs = [job(1)]
    finding = look(run_check, branch="mai")
    assert finding.signals == {"no-app": False, "no-branch": True, "last-job-failed": None}
    assert finding.summary == "none of the 2 branches of huntaze is called mai"
    assert finding.facts["domain"] == f"{APP}.amplifyapp.com"


@pytest.mark.usefixtures("amplify")
def test_no_app(run_check: RunCheck) -> None:
    finding = look(run_check, app="d00000000")
    assert finding.signals == {"no-app": True, "no-branch": True, "last-job-failed": None}
    assert finding.summary == "there is no Amplify app d00000000 in us-east-1"


def test_what_amplify_does_not_say_is_unknown(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.more, amplify.jobs = {}, [job(1)]
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.summary.startswith("huntaze, branch main: stage unknown, enableAutoBuild unknown;")
    assert finding.facts["service_role"] is False
    assert finding.facts["platform"] is finding.facts["domain"] is None


def test_no_value_is_read(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.app, amplify.jobs = {"DATABASE_URL": PLANTED}, [job(1, "FAILED")]
    finding = look(run_check)
    assert PLANTED not in finding.model_dump_json()
    assert PLANTED not in json.dumps(amplify.answers[:-1])
    assert len(amplify.answers) == 3


def test_every_page_is_read(run_check: RunCheck, amplify: Amplify) -> None:
    amplify.branches |= {f"branch-{number}": {} for number in range(59)}
    amplify.jobs = [*(job(number) for number in range(120)), job(120, "FAILED")]
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": True}
    assert finding.facts["branches"] == 61


def test_of_lists_that_were_cut_nobody_knows(
    run_check: RunCheck, amplify: Amplify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    amplify.page, amplify.jobs = 1, [job(2, "FAILED"), job(1)]
    finding = look(run_check)
    assert finding.signals == FINE | {"last-job-failed": None}
    assert finding.summary.endswith("; there is more than could be read")
    finding = look(run_check, branch="staging")
    assert finding.signals == {"no-app": False, "no-branch": None, "last-job-failed": None}
    assert finding.summary == "none of the 1 branches of huntaze is called staging; there is more than could be read"


@pytest.mark.parametrize("action", ["GetApp", "ListBranches", "ListJobs"])
def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, amplify: Amplify, action: str) -> None:
    amplify.denied.add(action)
    with pytest.raises(ClientError, match=f"amplify:{action}"):
        look(run_check)


@pytest.mark.parametrize("wrong", [{"app": "huntaze"}, {"region": "us"}, {"branch": "main*"}])
def test_each_is_named_as_amplify_does(run_check: RunCheck, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        look(run_check, **wrong)
