"""Compiles a service's drill: all checks of all its runbooks, and a report of what is stale."""

from collections.abc import Iterable
from typing import Any

from functions.core.drilled import looks
from statemachines.looking import Report, compile_looking
from statemachines.model import Runbook, Service
from statemachines.states import Arn

LONGEST = 900  # seconds
REPORT = Report(
    function="workflow/report_drill",
    payload={"drill": "{% $states.context.Execution.Name %}"},
    comment="Mails what is stale, and counts that it was looked for",
    failed="The drill itself failed: what is stale is not known",
    done="The output says what was looked at, and what is stale",
)


def compile_drill(service: Service, runbooks: Iterable[Runbook], arn: Arn) -> dict[str, Any]:
    """Compile the drill of a service.

    Args:
        service: whose it is.
        runbooks: those that it uses.
        arn: the ARN of a function by its kind and name: check/…, workflow/….
    """
    comment = f"Says what the runbooks of {service.title} rely on and is stale. Changes nothing. Start with {{}}"
    return compile_looking(comment, LONGEST, looks(service, runbooks), REPORT, arn)
