"""Amplify Hosting, which moto lacks: apps with their branches and jobs, as far as who looks at them asks.

https://docs.aws.amazon.com/amplify/latest/APIReference/Welcome.html
"""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.account import ACCOUNT
from sandbox.api_call import ApiCall
from sandbox.api_error import Answer, error_answer

SERVICE = "amplify"
PAGE = 50  # the most that is given at once

Fields = dict[str, Any]


class Missing(Exception):
    """An app or branch that there is not."""


@dataclass
class App:
    """An app: its fields, its branches' by name, and each branch's jobs, the newest first, all as AWS tells them."""

    fields: Fields
    branches: dict[str, Fields] = field(default_factory=dict)
    jobs: dict[str, list[Fields]] = field(default_factory=dict)


class Amplify:
    """The apps of all regions; `add` makes one, `answer` is the API."""

    def __init__(self) -> None:
        self._apps: dict[tuple[str, str], App] = {}
        self._actions: dict[str, Callable[[str, Fields], Fields]] = {
            "GetApp": lambda region, asked: {"app": self.app(region, asked["appId"]).fields},
            "GetBranch": lambda region, asked: {"branch": self._branch(region, asked)},
            "ListBranches": self._list_branches,
            "ListJobs": self._list_jobs,
        }

    def add(self, region: str, app_id: str, name: str, **fields: Any) -> App:
        """Make an app in a region, and return it to be changed."""
        now = datetime.datetime.now(datetime.UTC).timestamp()
        told = {
            "appId": app_id,
            "appArn": f"arn:aws:amplify:{region}:{ACCOUNT}:apps/{app_id}",
            "name": name,
            "platform": "WEB_COMPUTE",
            "defaultDomain": f"{app_id}.amplifyapp.com",
            "createTime": now,
            "updateTime": now,
            "enableBranchAutoBuild": True,
            "environmentVariables": {},
        }
        self._apps[region, app_id] = App(told | fields)
        return self._apps[region, app_id]

    def remove(self, region: str, app_id: str) -> None:
        """Delete an app."""
        self._apps.pop((region, app_id), None)

    def app(self, region: str, app_id: str) -> App:
        """Return an app; raises Missing."""
        if (region, app_id) not in self._apps:
            raise Missing(f"App {app_id} not found.")
        return self._apps[region, app_id]

    def answer(self, call: ApiCall) -> Answer:
        """Answer a request; raises NotImplementedError for an operation that is not simulated."""
        name = call.operation.name
        if name not in self._actions:
            raise NotImplementedError(f"only {', '.join(self._actions)}")
        try:
            told = self._actions[name](call.region, call.parameters)
        except Missing as missing:
            return error_answer(call, "NotFoundException", 404, str(missing))
        body = json.dumps(told).encode()
        return "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], body

    def _branch(self, region: str, asked: Fields) -> Fields:
        app, name = self.app(region, asked["appId"]), asked["branchName"]
        if name not in app.branches:
            raise Missing(f"Branch {name} not found.")
        return app.branches[name]

    def _list_branches(self, region: str, asked: Fields) -> Fields:
        return _page("branches", list(self.app(region, asked["appId"]).branches.values()), asked)

    def _list_jobs(self, region: str, asked: Fields) -> Fields:
        self._branch(region, asked)
        return _page("jobSummaries", self.app(region, asked["appId"]).jobs.get(asked["branchName"], []), asked)


def _page(name: str, every: list[Fields], asked: Fields) -> Fields:
    first = int(asked.get("nextToken") or 0)
    last = first + int(asked.get("maxResults") or PAGE)
    more = {"nextToken": str(last)} if last < len(every) else {}
    return {name: every[first:last], **more}
