"""An Amplify that knows one app, in front of moto, which knows none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from functions.core.aws import Session
from tests.functions.answering import Answer, answering

APP = "d33l77zi1h78ce"


@dataclass
class Amplify:
    """The app's and its branches' variables, those of branches to come, the jobs of `main`, and how many are on a page.

    `more` is what else Amplify tells of the app, and of each branch; `denied` are operations that nobody may call,
    `answers` what callers got in the end.
    """

    app: dict[str, str] = field(default_factory=dict)
    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    future: dict[str, str] | None = None
    jobs: list[Answer] = field(default_factory=list)
    more: Answer = field(default_factory=dict)
    page: int = 50
    denied: set[str] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)

    def answer(self, operation: str, asked: Answer) -> Answer:
        """Answer one call."""
        if operation in self.denied:
            return _error("AccessDeniedException", f"not authorized to perform: amplify:{operation}")
        if asked["appId"] != APP:
            return _error("NotFoundException", f"App {asked['appId']} not found.")
        return {"GetApp": self._app, "ListBranches": self._branches, "ListJobs": self._jobs}[operation](asked)

    def _app(self, _: Answer) -> Answer:
        app: Answer = {"appId": APP, "name": "huntaze", "environmentVariables": dict(self.app), **self.more}
        future = {"autoBranchCreationConfig": {"environmentVariables": dict(self.future)}} if self.future else {}
        return {"app": app | future}

    def _branches(self, asked: Answer) -> Answer:
        named = {name: {"branchName": name, "environmentVariables": dict(its)} for name, its in self.branches.items()}
        return self._page("branches", [self.more | one for one in named.values()], asked)

    def _jobs(self, asked: Answer) -> Answer:
        return self._page("jobSummaries", self.jobs if asked["branchName"] == "main" else [], asked)

    def _page(self, key: str, every: list[Answer], asked: Answer) -> Answer:
        begin, size = int(asked.get("nextToken", 0)), min(self.page, asked["maxResults"])
        more = {"nextToken": str(begin + size)} if len(every) > begin + size else {}
        return {key: every[begin : begin + size]} | more


def _error(code: str, message: str) -> Answer:
    return {"Error": {"Code": code, "Message": message}}


@contextmanager
def serving(amplify: Amplify, aws: Session, region: str) -> Iterator[None]:
    """Let Amplify's answers in a region come from here, for a session's calls."""

    def answer(operation: str, asked: Answer) -> Answer:
        amplify.answers.append(amplify.answer(operation, asked))
        return amplify.answers[-1]

    with answering(aws, "amplify", region, answer):
        yield
