"""Compiles a service's drill: all checks of all its runbooks, read-only, and a report of what is stale.

Pure, as chain.py. There is nothing to open: nobody may give a drill other parameters than the service's file has, so
they stand in the state machine itself. Nobody waits for it either: it looks at a few things at a time, and leaves an
account's few concurrent functions to an incident.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from functions.core.drilled import Look, looks
from statemachines.model import Runbook, Service
from statemachines.states import Arn, States, Target, look, parallel, task

AT_ONCE = 5
LONGEST = 900  # seconds
FAILURE: Target = ("Failed", {"error": "{% $states.errorOutput %}"})


def compile_drill(service: Service, runbooks: Iterable[Runbook], arn: Arn) -> dict[str, Any]:
    """Compile the drill of a service.

    Args:
        service: whose it is.
        runbooks: those that it uses.
        arn: the ARN of a function by its kind and name: check/…, workflow/….
    """
    found = looks(service, runbooks)
    return {
        "Comment": f"Says what the runbooks of {service.title} rely on and is stale. Changes nothing. Start with {{}}",
        "QueryLanguage": "JSONata",
        "StartAt": "Look 1",
        "TimeoutSeconds": LONGEST,
        "States": _look(found, arn) | _report(arn),
    }


def _look(found: Mapping[str, Look], arn: Arn) -> States:
    names = list(found)
    batches = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    states = {
        f"Look {number}": parallel(
            f"Looks at {', '.join(batch)}",
            [look(f"Check {name}", name, arn(f"check/{found[name].check}"), found[name].parameters) for name in batch],
            then=f"Look {number + 1}" if number < len(batches) else "Report",
            on_error=FAILURE,
        )
        for number, batch in enumerate(batches, start=1)
    }
    for state in list(states.values())[1:]:
        state["Assign"]["findings"] = "{% $merge([$findings, $merge($states.result)]) %}"
    return states


def _report(arn: Arn) -> States:
    return {
        "Report": task(
            "Mails what is stale, and counts that it was looked for",
            arn("workflow/report_drill"),
            {"drill": "{% $states.context.Execution.Name %}", "findings": "{% $findings %}"},
            output="{% $states.result.Payload %}",
            then="Done",
            on_error=FAILURE,
        ),
        "Failed": {
            "Type": "Fail",
            "Comment": "The drill itself failed: what is stale is not known",
            "Error": "Failed",
            "Cause": "{% $string($error) %}",
        },
        "Done": {"Type": "Succeed", "Comment": "The output says what was looked at, and what is stale"},
    }
