"""The states that state machines are made of, as Amazon States Language: what runbooks and the drill have in common."""

from collections.abc import Callable, Mapping
from typing import Any

State = dict[str, Any]
States = dict[str, State]
Arn = Callable[[str], str]
Target = tuple[str, State]  # the next state, and the variables to set on the way
ANSWER = "{% $states.result.Payload %}"

TRANSIENT = {
    "ErrorEquals": [
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.AWSLambdaException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "ThrottlingException",
        "RequestLimitExceeded",
        "ClientError",
        "EndpointConnectionError",
        "Sandbox.Timedout",
    ],
    "IntervalSeconds": 1,
    "BackoffRate": 2,
    "MaxAttempts": 2,
    "MaxDelaySeconds": 5,
    "JitterStrategy": "FULL",
}


def parallel(comment: str, branches: list[State], *, then: str, on_error: Target) -> State:
    """Look at several things side by side; the variable `findings` becomes all that was found."""
    return {
        "Type": "Parallel",
        "Comment": comment,
        "Branches": branches,
        "Assign": {"findings": "{% $merge($states.result) %}"},
        "Catch": _catch(on_error),
        "Next": then,
    }


def look(state: str, name: str, function: str, parameters: Any, kept: Any = ANSWER) -> State:
    """Make a branch of one check; one that keeps failing becomes a finding that says unknown, and why.

    Args:
        state: the state's name.
        name: what the finding is called.
        function: the check's ARN.
        parameters: its parameters, or the expression that gives them.
        kept: what is kept of its answer.
    """
    unknown = f"{state}: unknown"
    checked = task(
        f"Finding {name}",
        function,
        {"parameters": parameters},
        output={name: kept},
        then="",
        on_error=(unknown, {}),
    )
    del checked["Next"]
    why = {"error": "{% $states.input.Error %}", "cause": "{% $substring($states.input.Cause & '', 0, 1000) %}"}
    return {
        "StartAt": state,
        "States": {
            state: checked | {"End": True},
            unknown: {
                "Type": "Pass",
                "Comment": "What could not be read is unknown, not fine",
                "Output": {name: why},
                "End": True,
            },
        },
    }


def task(
    comment: str,
    function: str,
    payload: State,
    *,
    then: str,
    on_error: Target,
    assign: State | None = None,
    output: Any = None,
) -> State:
    """Call a function."""
    state: State = {
        "Type": "Task",
        "Comment": comment,
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": payload},
        "Retry": [TRANSIENT],
        "Catch": _catch(on_error),
        "Next": then,
    }
    return state | ({"Assign": assign} if assign else {}) | ({"Output": output} if output else {})


def answered(*words: str) -> State:
    """Take these words from a function's answer; one that lacks any fails here, where it is caught."""
    return {word: f"{{% $states.result.Payload.{word} %}}" for word in words}


def choice(comment: str, rules: Mapping[str, Target], *, otherwise: str, assign: State | None = None) -> State:
    """Go on with the first rule whose condition holds."""
    choices = [
        {"Condition": f"{{% {condition} %}}", "Next": state} | ({"Assign": values} if values else {})
        for condition, (state, values) in rules.items()
    ]
    state: State = {"Type": "Choice", "Comment": comment, "Choices": choices, "Default": otherwise}
    return state | ({"Assign": assign} if assign else {})


def _catch(target: Target) -> list[State]:
    state, assign = target
    return [{"ErrorEquals": ["States.ALL"], "Next": state} | ({"Assign": assign} if assign else {})]
