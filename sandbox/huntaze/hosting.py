"""Huntaze's Amplify app: its branch, its jobs, and the variables of both."""

from __future__ import annotations

import time
from typing import Any

from sandbox.amplify import App
from sandbox.context import current
from sandbox.huntaze.people import AMPLIFY
from sandbox.huntaze.place import DOMAIN, SANDBOX_SECRET, named, role
from sandbox.huntaze.undo import Undo

HARMLESS = {"NODE_ENV": "production", "LOG_LEVEL": "info", "NEXT_PUBLIC_APP_URL": f"https://{DOMAIN}"}
AWS_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": SANDBOX_SECRET}
SECRETS = {"STRIPE_SECRET_KEY": SANDBOX_SECRET}
BUILD = f"version: 1\nfrontend: {{phases: {{build: {{commands: ['npx prisma --token {SANDBOX_SECRET}']}}}}}}\n"
DAY = 86_400.0


def build() -> None:
    """Make the app and its branch, which was deployed twice; a secret is where nobody may look."""
    branch = named()["branch"]
    app = current().amplify.add(
        named()["app_region"],
        named()["app"],
        "huntaze",
        iamServiceRoleArn=role(AMPLIFY),
        environmentVariables={**HARMLESS, "APP_FINGERPRINT": SANDBOX_SECRET},
        basicAuthCredentials=SANDBOX_SECRET,
        buildSpec=BUILD,
    )
    now = time.time()
    app.branches[branch] = {
        "branchName": branch,
        "branchArn": f"{app.fields['appArn']}/branches/{branch}",
        "stage": "PRODUCTION",
        "framework": "Next.js - SSR",
        "enableAutoBuild": True,
        "activeJobId": "2",
        "totalNumberOfJobs": "2",
        "ttl": "5",
        "createTime": now - 30 * DAY,
        "updateTime": now - DAY,
        "lastDeployTime": now - DAY,
        "environmentVariables": {"FEATURE_SET": "launch", "BRANCH_FINGERPRINT": SANDBOX_SECRET},
    }
    app.jobs[branch] = [_job(2, now - DAY), _job(1, now - 9 * DAY)]


def look() -> Any:
    """Return what is to stay as it is."""
    app = _app()
    return (
        dict(app.fields["environmentVariables"]),
        [dict(branch["environmentVariables"]) for branch in app.branches.values()],
    )


def aws_keys(undo: Undo) -> None:
    """Somebody has put long-term keys of AWS into the app's variables."""
    _add(undo, _app().fields, AWS_KEYS)


def secret_names(undo: Undo) -> None:
    """Somebody has put a secret into the variables of a branch."""
    [branch] = _app().branches.values()
    _add(undo, branch, SECRETS)


def _app() -> App:
    return current().amplify.app(named()["app_region"], named()["app"])


def _add(undo: Undo, to: dict[str, Any], variables: dict[str, str]) -> None:
    undo.callback(to.__setitem__, "environmentVariables", to["environmentVariables"])
    to["environmentVariables"] = to["environmentVariables"] | variables


def _job(number: int, ended: float) -> dict[str, Any]:
    return {
        "jobId": str(number),
        "jobArn": f"{_arn()}/jobs/{number:010}",
        "jobType": "RELEASE",
        "status": "SUCCEED",
        "commitId": f"{number:040x}",
        "commitMessage": "Release",
        "commitTime": ended - 600,
        "startTime": ended - 300,
        "endTime": ended,
    }


def _arn() -> str:
    return str(_app().fields["appArn"])
