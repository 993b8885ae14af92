"""Which IAM actions functions really call, seen where the requests leave."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import boto3
from botocore.model import OperationModel

from functions.core.function import Function

# What AWS asks for besides an action that is called, by that action
ALONGSIDE = {
    "ecs:RegisterTaskDefinition": {"iam:PassRole", "ecs:TagResource"},
    "s3:GetObject": {"s3:ListBucket"},  # without it a file that is not there is "access denied"
}
PREFIXES = {"monitoring": "cloudwatch"}  # IAM's name of a service, where it is not the one that requests are signed for
# IAM's name of an operation, by the client's service, where it is not the API's
NAMES = {
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
}


class Undeclared(AssertionError):
    """A function called an action that it does not declare; on AWS that is AccessDenied."""


class Actions:
    """The record, for the whole test run: which function called which IAM actions, by the function's entry."""

    def __init__(self) -> None:
        self.called: dict[str, set[str]] = defaultdict(set)
        self._function: ContextVar[Function | None] = ContextVar("function", default=None)  # of each thread

    def watch(self, session: boto3.Session) -> None:
        """See every request of a session's clients, of those made from now on."""
        session.events.register("before-call", self._see)

    @contextmanager
    def of(self, function: Function) -> Iterator[None]:
        """Within the block, requests are the function's."""
        before = self._function.set(function)
        self.called[function.entry]
        try:
            yield
        finally:
            self._function.reset(before)

    def _see(self, model: OperationModel, **_: Any) -> None:
        function = self._function.get()
        if function is None:
            return
        service, name = model.service_model, model.service_model.signing_name
        operation = NAMES.get((service.service_name, model.name), model.name)
        action = f"{PREFIXES.get(name, name)}:{operation}"
        self.called[function.entry].add(action)
        if action not in declared(function):
            raise Undeclared(f"{function.entry} calls {action}: declare it with allow(...) or do not call it")


def needed(called: set[str]) -> set[str]:
    """List the actions that calling some needs."""
    return called.union(*(ALONGSIDE.get(action, set()) for action in called))


def declared(function: Function) -> set[str]:
    """List the actions that a function's body declares."""
    return {action for permission in function.permissions for action in permission.actions}
