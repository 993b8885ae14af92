"""Compiles what looks at all checks of some runbooks once, read-only, and reports: a service's drill, and its watch.

Pure, as chain.py. There is nothing to open: nobody may give it other parameters than the service's file has, so they
stand in the state machine itself. Nobody waits for it either: it looks at a few things at a time, and leaves an
account's few concurrent functions to an incident.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from functions.core.drilled import Look
from statemachines.states import ANSWER, Arn, State, States, Target, look, parallel, task

AT_ONCE = 5
FAILURE: Target = ("Failed", {"error": "{% $states.errorOutput %}"})


class Report(NamedTuple):
    """The function that is told what was found, and what else it is told; and what the states around it say."""

    function: str
    payload: State
    comment: str
    failed: str
    done: str


def compile_looking(
    comment: str, seconds: int, found: Mapping[str, Look], report: Report, arn: Arn, kept: Any = ANSWER
) -> dict[str, Any]:
    """Compile a state machine that makes checks and hands what they found to a report.

    Args:
        comment: what the console says that it is.
        seconds: how long it may take.
        found: what there is to look at, by name.
        report: who is told.
        arn: the ARN of a function by its kind and name: check/…, workflow/….
        kept: what is kept of a check's answer.
    """
    return {
        "Comment": comment,
        "QueryLanguage": "JSONata",
        "StartAt": "Look 1",
        "TimeoutSeconds": seconds,
        "States": _look(found, arn, kept) | _report(report, arn),
    }


def _look(found: Mapping[str, Look], arn: Arn, kept: Any) -> States:
    names = list(found)
    batches = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    states = {
        f"Look {number}": parallel(
            f"Looks at {', '.join(batch)}",
            [
                look(f"Check {name}", name, arn(f"check/{found[name].check}"), found[name].parameters, kept)
                for name in batch
            ],
            then=f"Look {number + 1}" if number < len(batches) else "Report",
            on_error=FAILURE,
        )
        for number, batch in enumerate(batches, start=1)
    }
    for state in list(states.values())[1:]:
        state["Assign"]["findings"] = "{% $merge([$findings, $merge($states.result)]) %}"
    return states


def _report(report: Report, arn: Arn) -> States:
    return {
        "Report": task(
            report.comment,
            arn(report.function),
            {**report.payload, "findings": "{% $findings %}"},
            output="{% $states.result.Payload %}",
            then="Done",
            on_error=FAILURE,
        ),
        "Failed": {
            "Type": "Fail",
            "Comment": report.failed,
            "Error": "Failed",
            "Cause": "{% $string($error) %}",
        },
        "Done": {"Type": "Succeed", "Comment": report.done},
    }
