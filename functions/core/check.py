"""The @check decorator: a read-only function that answers named yes/no questions."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from functions.core.aws import Session
from functions.core.function import Function
from functions.core.log import logger
from functions.core.permissions import Permission
from functions.core.results import Finding, Parameters

P = TypeVar("P", bound=Parameters)


class Check(Function):
    """A check's Lambda handler.

    The event is `{"parameters": {…}}`, the answer a finding as JSON. What the check cannot read raises: the state
    machine retries it, and then counts every signal as unknown.
    """

    kind = "check"

    def __init__(
        self, body: Callable[..., Finding], permissions: tuple[Permission, ...], signals: Mapping[str, str]
    ) -> None:
        """Refuse permissions that could change anything."""
        super().__init__(body, permissions)
        writing = [permission.actions for permission in permissions if not permission.reads]
        if writing:
            raise ValueError(f"check {self.name}: a check may only read, but declares {writing}")
        self.signals = dict(signals)

    def __call__(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """Run the check; every declared signal is in the answer, unknown where the check did not say."""
        return self.look(event["parameters"], self.aws).model_dump(mode="json")

    def look(self, parameters: dict[str, Any], aws: Session) -> Finding:
        """Look with a session, and say of every declared signal whether it is so."""
        finding: Finding = self.body(self.parameters.model_validate(parameters), aws)
        undeclared = finding.signals.keys() - self.signals.keys()
        if undeclared:
            raise ValueError(f"check {self.name} answers undeclared signals: {sorted(undeclared)}")
        finding.signals = dict.fromkeys(self.signals, None) | finding.signals
        logger.info("checked", check=self.name, signals=finding.signals)
        return finding


def check(*permissions: Permission, signals: Mapping[str, str]) -> Callable[[Callable[[P, Session], Finding]], Check]:
    """Make a function a check.

    Args:
        permissions: the IAM actions it calls, reading ones only.
        signals: the questions it answers, each as a sentence that is true when the signal is.
    """
    return lambda body: Check(body, permissions, signals)
