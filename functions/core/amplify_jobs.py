"""Jobs of an Amplify app's branch, each of which deploys it."""

from datetime import UTC, datetime
from typing import Any

from functions.core import amplify
from functions.core.aws import Session
from functions.core.language import marked, say
from functions.core.listed import Listed, listed
from functions.core.template import readable

ENDED = {"SUCCEED", "FAILED"}  # any other job tells nothing: it still runs, or was cancelled
LINE = marked("job {job}: {status}, commit {commit}, from {start} to {end}")


def read(aws: Session, parameters: amplify.OfApp, branch: str, share: int = 1) -> Listed[Any]:
    """List the jobs of a branch, in a share of the time."""
    pages = amplify.client(aws, parameters).get_paginator("list_jobs")
    of_branch = pages.paginate(appId=parameters.app, branchName=branch, PaginationConfig={"PageSize": amplify.PAGE})
    return listed(of_branch, lambda page: page["jobSummaries"], share)


def latest(jobs: Listed[Any]) -> list[Any]:
    """Return the jobs, the newest first, down to one that succeeded or failed; none where their order is unknown.

    AWS does not say in which order it lists them.
    """
    if not jobs.whole or any("startTime" not in one or "status" not in one for one in jobs.found):
        return []
    ordered = sorted(jobs.found, key=lambda one: one["startTime"], reverse=True)
    ended = [number for number, one in enumerate(ordered, start=1) if one["status"] in ENDED]
    return ordered[: ended[0]] if ended else ordered


def outcome(found: list[Any]) -> str | None:
    """Tell how the last of the latest jobs ended; None where none did."""
    return found[-1]["status"] if found and found[-1]["status"] in ENDED else None


def line(job: Any) -> str:
    """Tell of a job."""
    start, end = (readable(_minute(job.get(key))) for key in ("startTime", "endTime"))
    commit = readable(job.get("commitId"))
    return say(LINE, job=job.get("jobId"), status=job["status"], commit=commit, start=start, end=end)


def _minute(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else None
