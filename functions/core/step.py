"""The @step decorator: a function of the chain itself, around the checks and fixes."""

from collections.abc import Callable
from typing import Any

from functions.core.function import Function
from functions.core.permissions import Permission
from functions.core.results import Parameters


class Step(Function):
    """A step's Lambda handler: `body(event, aws)`.

    The event is validated where the body's annotation is a model, and handed on as it is where it comes from outside.
    """

    kind = "workflow"

    def __call__(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """Run the step."""
        model: Any = self.parameters
        validates = isinstance(model, type) and issubclass(model, Parameters)
        validated = model.model_validate(event) if validates else event
        answer: dict[str, Any] = self.body(validated, self.aws)
        return answer


def step(*permissions: Permission) -> Callable[[Callable[..., dict[str, Any]]], Step]:
    """Make a function a step of the chain.

    Args:
        permissions: the IAM actions it calls; braces in `on` name the stack's own table, topic, state_machines, alarms.
    """
    return lambda body: Step(body, permissions)


class Of(Parameters):
    """What every step is told: the incident's id, which is the execution's name, and the runbook."""

    incident: str
    runbook: str
