"""Compiles a runbook to its Step Functions state machine: the same chain around its own checks and fixes.

Pure: takes names, gives Amazon States Language as dictionaries. Every state has a name and a comment that a person can
read in the console's graph. Expressions are JSONata and tiny; decisions are Python, in functions/workflow.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from functions.core import catalogue
from statemachines.model import ApprovalRules, CheckUse, Runbook, Service
from statemachines.states import Arn, State, States, Target, answered, choice, look, parallel, task

MAX_QUESTIONS = 3
MAX_LOOKS, LOOK_AGAIN = 4, 30
LOCK_EVERY, LOCK_TRIES = 20, 30
FIX_SECONDS = 30  # how long a fix may take
LONG_EVERY = 20  # seconds between two looks at a command that goes on
DAY = 86_400

MAY_NOT = "($again.outcome = 'limited' or $again.outcome = 'flapping' or $again.outcome = 'joined')"
FAILURE: Target = ("Unlock target", {"outcome": "failed", "error": "{% $states.errorOutput %}"})
HIGHER: Mapping[str, Target] = {
    "$verdict = 'not fixed' and $step < $plan.count": ("Keep the lock", {"rung": "{% $rung + 1 %}", "attempt": 0})
}
_task = partial(task, on_error=FAILURE)


def compile_chain(runbook: Runbook, service: Service, arn: Arn) -> dict[str, Any]:
    """Compile one runbook.

    Args:
        runbook: the procedure.
        service: which uses it: who is asked, for how long, and what may be named otherwise by hand.
        arn: the ARN of a function by its kind and name: check/…, fix/…, workflow/….
    """
    return {
        "Comment": _comment(runbook, service),
        "QueryLanguage": "JSONata",
        "StartAt": "Open",
        "TimeoutSeconds": _longest(runbook, service.approval),
        "States": _open(runbook, arn)
        | _diagnose(runbook, arn)
        | _ask(runbook, arn)
        | _recheck(runbook, arn)
        | _remediate(runbook, arn)
        | (_await(runbook, arn) if runbook.awaiting else {})
        | _validate(runbook, arn)
        | _undo(runbook, arn)
        | _tell(runbook, arn)
        | _close(runbook, arn),
    }


def _comment(runbook: Runbook, service: Service) -> str:
    """Say what it is, and what it may be started with, where the console shows it."""
    inputs = ["{}: look, ask, repair", '{"mode": "diagnose"}: only look', '{"requester": "you@…"}: who asks']
    given = ", ".join(f'"{name}": …' for name in service.runbooks[runbook.name].overrides)
    inputs += [f'{{"parameters": {{{given}}}}}: in place of what the file says'] if given else []
    return f"{runbook.title}. Input: {'; '.join(inputs)}. Source: {runbook.source}"


def _longest(runbook: Runbook, approval: ApprovalRules) -> int:
    """Return seconds after which no incident can still be on its way to an end of its own."""
    return DAY + MAX_QUESTIONS * (approval.minutes * 60 + runbook.longest_wait * 3600)


def _open(runbook: Runbook, arn: Arn) -> States:
    execution = "$states.context.Execution"
    return {
        "Open": _task(
            "Validates the input, resolves the parameters, opens the incident's record",
            arn("workflow/open_incident"),
            {"runbook": runbook.name, "incident": f"{{% {execution}.Name %}}", "input": f"{{% {execution}.Input %}}"},
            assign={
                "opened": answered("refused", "mode", "checks"),
                "look": 1,
                "plan": {"round": 0},
                "step": 0,
                "attempt": 0,
                "lock": 0,
                **({"done": ""} if runbook.awaiting else {}),
                **({"rung": 0} if runbook.ladders else {}),
                "outcome": "failed",
                "error": {},
            },
            then="Accepted?",
        ),
        "Accepted?": choice(
            "Anything that the input may not say ends here, with the reason",
            {"$opened.refused != ''": ("Refused", {})},
            otherwise="Diagnose",
        ),
        "Refused": {
            "Type": "Fail",
            "Comment": "Nothing was looked at or changed",
            "Error": "BadInput",
            "Cause": "{% $opened.refused %}",
        },
    }


def _diagnose(runbook: Runbook, arn: Arn) -> States:
    return {
        "Diagnose": _parallel("Looks at everything at once", "Check", runbook.checks, arn, then="Conclude"),
        "Conclude": _conclude("Ranks the causes, builds the plan", "plan", runbook, arn, then="What now?"),
        "What now?": choice(
            "Nothing wrong, nothing clear yet, nothing to ask, or nothing that may be automated",
            {
                **_later(runbook, {"$plan.outcome = 'healthy' and $done != ''": ("Close", {"outcome": "recovered"})}),
                "$plan.outcome = 'healthy'": ("Close", {"outcome": "healthy"}),
                f"$plan.outcome = 'unclear' and $look < {MAX_LOOKS}": ("Look again soon", {"look": "{% $look + 1 %}"}),
                "$opened.mode = 'diagnose'": ("Close", {"outcome": "diagnosed"}),
                **_later(runbook, {"$plan.digest = $done": ("Escalate", {"outcome": "not fixed"})}),
                f"$plan.outcome = 'plan' and $plan.round > {MAX_QUESTIONS}": ("Escalate", {"outcome": "changed"}),
                "$plan.outcome = 'plan'": ("Ask for approval", {"turn": "{% $plan.turn %}"}),
                **_later(runbook, {"$done != ''": ("Escalate", {"outcome": "unfinished"})}),
                "$plan.outcome = 'joined'": ("Close", {"outcome": "joined"}),
            },
            otherwise="Escalate",
            assign={"outcome": "{% $plan.outcome %}"},
        ),
        "Look again soon": {
            "Type": "Wait",
            "Comment": "No cause is certain yet: targets take a minute to be called unhealthy, tasks to stop",
            "Seconds": LOOK_AGAIN,
            "Next": "Diagnose",
        },
    }


def _ask(runbook: Runbook, arn: Arn) -> States:
    turn = {**_incident(runbook), "round": "{% $plan.round %}", "turn": "{% $turn %}"}
    ask = _task(
        "Mails those whose turn it is a link to the plan and waits for the decision",
        arn("workflow/request_approval"),
        {**turn, "token": "{% $states.context.Task.Token %}"},
        assign={"decision": "{% $states.result.decision %}"},
        then="Decided?",
    )
    silence = {"ErrorEquals": ["States.Timeout"], "Next": "Whose turn"}
    ask |= {
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "TimeoutSeconds": "{% $turn.seconds %}",
        "Catch": [silence, *ask["Catch"]],
    }
    return {
        "Ask for approval": ask,
        "Whose turn": _task(
            "Nobody has answered: reminds them, asks the next level, or lets the question expire",
            arn("workflow/whose_turn"),
            turn,
            assign={"decision": "{% $states.result.Payload.decision %}", "turn": "{% $states.result.Payload.turn %}"},
            then="Decided?",
        ),
        "Decided?": _decided(runbook),
    }


def _decided(runbook: Runbook) -> State:
    return choice(
        "Only an approval goes on",
        {
            "$decision = 'approved'": ("Lock target", {}),
            "$decision = 'ask'": ("Ask for approval", {}),
            "$decision = 'look again'": ("Diagnose", {}),
            **_later(runbook, {"$done != ''": ("Escalate", {"outcome": "unfinished"})}),
        },
        otherwise="Close",
        assign={"outcome": "{% $decision %}"},
    )


def _lock(runbook: Runbook, arn: Arn) -> State:
    lock = _task(
        "From here one incident at a time may change this target",
        arn("workflow/target_lock"),
        {**_incident(runbook), "action": "acquire"},
        assign={"lock": "{% $states.result.Payload.lock %}"},
        then="Recheck",
    )
    waiting = {
        "ErrorEquals": ["TargetLocked"],
        "IntervalSeconds": LOCK_EVERY,
        "BackoffRate": 1,
        "MaxAttempts": LOCK_TRIES,
    }
    outcome = "{% $done = '' ? 'locked' : 'unfinished' %}" if runbook.awaiting else "locked"
    gave_up = {"ErrorEquals": ["TargetLocked"], "Next": "Escalate", "Assign": {"outcome": outcome}}
    return lock | {"Retry": [waiting, *lock["Retry"]], "Catch": [gave_up, *lock["Catch"]]}


def _recheck(runbook: Runbook, arn: Arn) -> States:
    return {
        "Lock target": _lock(runbook, arn),
        "Recheck": _parallel("Looks again: minutes have passed", "Recheck", runbook.checks, arn, then="Conclude again"),
        "Conclude again": _conclude("Builds the plan anew", "again", runbook, arn, then="Still the same?"),
        "Still the same?": choice(
            "Only the plan that was approved is carried out",
            {
                **_later(
                    runbook,
                    {
                        "$again.outcome = 'healthy' and $done != ''": ("Unlock target", {"outcome": "recovered"}),
                        f"{MAY_NOT} and $done != ''": ("Unlock target", {"outcome": "unfinished"}),
                    },
                ),
                "$again.outcome = 'healthy'": ("Unlock target", {"outcome": "healthy"}),
                MAY_NOT: ("Unlock target", {"outcome": "{% $again.outcome %}"}),
                "$again.digest = $plan.digest": ("Next fix", {}),
                f"$again.outcome = 'plan' and $again.round <= {MAX_QUESTIONS}": ("Unlock to ask again", {}),
            },
            otherwise="Unlock target",
            assign={"outcome": "changed"},
        ),
        "Unlock to ask again": _task(
            "The plan has changed: it needs a new approval",
            arn("workflow/target_lock"),
            {**_incident(runbook), "action": "release"},
            assign={"plan": "{% $again %}", "turn": "{% $again.turn %}"},
            then="Ask for approval",
        ),
    }


def _remediate(runbook: Runbook, arn: Arn) -> States:
    fixes = _fix_names(runbook)
    failed = {"error": "{% $states.errorOutput %}", "step": "{% $step + 1 %}"}
    waiting: dict[str, Target] = {"$step >= $plan.count and $plan.every > 0": ("Unlock to wait", {})}
    enough = "$step >= $plan.until[$rung]" if runbook.ladders else "$step >= $plan.count"
    return {
        "Next fix": choice(
            "The approved fixes, in their order",
            {
                **(waiting if runbook.awaiting else {}),
                enough: ("Wait for effect", {}),
                **{f"$lookup($plan.fixes, $string($step)) = '{fix}'": (f"Fix {fix}", {}) for fix in fixes},
            },
            otherwise="Unlock target",
        )
    } | _each(
        runbook,
        arn,
        "Fix",
        "Changes what was approved, and records how to undo it",
        {"step": "{% $step %}"},
        ("Next fix", {"step": "{% $step + 1 %}"}),
        {
            "on_error": ("Next undo", {"outcome": "not fixed", **failed}),
            "on_refusal": ("Next undo", {"outcome": "refused", **failed}),
        },
    )


def _each(
    runbook: Runbook,
    arn: Arn,
    verb: str,
    comment: str,
    payload: State,
    then: Target,
    errors: Mapping[str, Target],
) -> States:
    """Make a state for each fix of a runbook, to apply or to undo it, and a loop around those that take long."""
    states: States = {}
    for fix in _fix_names(runbook):
        name, (following, assign) = f"{verb} {fix}", then
        asked = {**_incident(runbook), **payload}
        if catalogue.fixes()[fix].follow is None:
            states[name] = _fix(comment, arn(f"fix/{fix}"), asked, assign=assign, then=following, **errors)
        else:
            running = {"running": "{% $states.result.Payload.running %}"}
            done = f"Done? {name}"
            states[name] = _fix(comment, arn(f"fix/{fix}"), asked, assign=running, then=done, **errors)
            states |= _going_on(runbook, arn, name, then, errors["on_error"])
    return states


def _going_on(runbook: Runbook, arn: Arn, name: str, then: Target, on_error: Target) -> States:
    """Wait, without a function that waits, for a command that goes on for longer than one may; keep the lock."""
    following, assign = then
    return {
        f"Done? {name}": choice(
            "What takes longer than a function may was only started",
            {"$running": (f"Wait: {name}", {})},
            otherwise=following,
            assign=assign,
        ),
        f"Wait: {name}": {
            "Type": "Wait",
            "Comment": "The command goes on where it was started",
            "Seconds": LONG_EVERY,
            "Next": f"Keep lock: {name}",
        },
        f"Keep lock: {name}": _task(
            "Keeps the target locked meanwhile",
            arn("workflow/target_lock"),
            {**_incident(runbook), "action": "acquire"},
            assign={"lock": "{% $states.result.Payload.lock %}"},
            then=name,
            on_error=on_error,
        ),
    }


def _fix(comment: str, function: str, payload: State, *, on_refusal: Target, **rest: Any) -> State:
    """Call a fix under the approval and the lock; it refuses by itself what they do not cover."""
    asked = {"round": "{% $plan.round %}", "lock": "{% $lock %}", "attempt": "{% $states.context.State.RetryCount %}"}
    state = _task(comment, function, payload | asked, **rest)
    refusal, assign = on_refusal
    refused = {"ErrorEquals": ["NotAllowed", "Interfered"], "Next": refusal, "Assign": assign}
    busy = {"ErrorEquals": ["InProgress"], "IntervalSeconds": FIX_SECONDS, "BackoffRate": 1, "MaxAttempts": 2}
    return state | {"Retry": [busy, *state["Retry"]], "Catch": [refused, *state["Catch"]]}


def _await(runbook: Runbook, arn: Arn) -> States:
    """Wait, holding nothing, for what the fixes have only set going; then see what remains to be done."""
    over: Target = ("Escalate", {"outcome": "overdue"})
    return {
        "Unlock to wait": _task(
            "The fix has set something going that others end, within hours: nothing is held meanwhile",
            arn("workflow/target_lock"),
            {**_incident(runbook), "action": "release"},
            assign={"done": "{% $plan.digest %}", "look": 1, "step": 0},
            then="Wait for others",
        ),
        "Wait for others": {
            "Type": "Wait",
            "Comment": "As long as the runbook says",
            "Seconds": "{% $plan.every %}",
            "Next": "Look for it",
        },
        "Look for it": _parallel(
            "Looks whether it has come", "Await", runbook.awaiting, arn, then="How far", on_error=over
        ),
    } | _progress(runbook, arn)


def _progress(runbook: Runbook, arn: Arn) -> States:
    return {
        "How far": _task(
            "Says whether it has come, or takes too long",
            arn("workflow/progress"),
            {**_incident(runbook), "findings": "{% $findings %}", "look": "{% $look %}"},
            assign={"progress": "{% $states.result.Payload.progress %}", "look": "{% $look + 1 %}"},
            then="Has it come?",
        ),
        "Has it come?": choice(
            "Then what remains is diagnosed anew, and asked for",
            {
                "$progress = 'wait'": ("Wait for others", {}),
                "$progress = 'done'": ("Diagnose", {"look": 1}),
            },
            otherwise="Escalate",
            assign={"outcome": "overdue"},
        ),
    }


def _later(runbook: Runbook, rules: Mapping[str, Target]) -> Mapping[str, Target]:
    """Return rules for after a first plan was carried out and awaited; `done` is its digest, empty before."""
    return rules if runbook.awaiting else {}


def _validate(runbook: Runbook, arn: Arn) -> States:
    unseen: Target = ("Unlock target", {"outcome": "unverifiable", "error": "{% $states.errorOutput %}"})
    expected, looks = runbook.validation.with_, "Looks whether it worked"
    validate = _parallel(looks, "Validate", runbook.validating, arn, then="Judge", on_error=unseen, expected=expected)
    validate["Assign"]["attempt"] = "{% $attempt + 1 %}"
    return {
        "Wait for effect": {
            "Type": "Wait",
            "Comment": "A fix needs time to show",
            "Seconds": runbook.validation.every,
            "Next": "Validate",
        },
        "Validate": validate,
        "Judge": _task(
            "Gives the verdict: fixed, not fixed, worse or unverifiable",
            arn("workflow/judge"),
            {**_incident(runbook), "findings": "{% $findings %}", "attempt": "{% $attempt %}"},
            assign={"verdict": "{% $states.result.Payload.verdict %}"},
            then="Verdict?",
            on_error=unseen,
        ),
        **(_rungs(runbook, arn) if runbook.ladders else {}),
        "Verdict?": choice(
            "Wait on, close, undo, or leave it to a person",
            {
                "$verdict = 'wait'": ("Wait for effect", {}),
                **(HIGHER if runbook.ladders else {}),
                "$verdict = 'fixed'": ("Unlock target", {"outcome": "recovered"}),
                "$verdict = 'unverifiable'": ("Unlock target", {"outcome": "unverifiable"}),
            },
            otherwise="Next undo",
            assign={"outcome": "{% $verdict %}"},
        ),
    }


def _rungs(runbook: Runbook, arn: Arn) -> States:
    """Go on with what was approved for the case that what was done so far does not help."""
    return {
        "Keep the lock": _task(
            "Not enough: the next of the approved fixes follows, under the same lock",
            arn("workflow/target_lock"),
            {**_incident(runbook), "action": "acquire"},
            assign={"lock": "{% $states.result.Payload.lock %}"},
            then="Next fix",
        )
    }


def _undo(runbook: Runbook, arn: Arn) -> States:
    fixes = _fix_names(runbook)
    back = {"step": "{% $step - 1 %}"}
    not_undone: Target = ("Next undo", back | {"outcome": "not undone", "error": "{% $states.errorOutput %}"})
    return (
        {
            "Next undo": choice(
                "The changes made, last one first",
                {
                    "$step = 0": ("See what is left", {}),
                    **{f"$lookup($plan.fixes, $string($step - 1)) = '{fix}'": (f"Undo {fix}", {}) for fix in fixes},
                },
                otherwise="Unlock target",
            )
        }
        | _each(
            runbook,
            arn,
            "Undo",
            "Puts back what was there before, where that can be done",
            {**back, "undo": True},
            ("Next undo", back),
            {"on_error": not_undone, "on_refusal": not_undone},
        )
        | _hand_over(runbook, arn)
    )


def _hand_over(runbook: Runbook, arn: Arn) -> States:
    told: Target = ("Unlock target", {})
    return {
        "See what is left": _parallel(
            "Looks what the undo has left behind", "See", runbook.validating, arn, then="Hand over", on_error=told
        ),
        "Hand over": _task(
            "Writes down how the service is now, for those who go on by hand",
            arn("workflow/judge"),
            {**_incident(runbook), "findings": "{% $findings %}", "attempt": 0},
            then="Unlock target",
            on_error=told,
        ),
    }


def _tell(runbook: Runbook, arn: Arn) -> States:
    return {
        "Unlock target": _task(
            "Others may change this target again",
            arn("workflow/target_lock"),
            {**_incident(runbook), "action": "release"},
            then="Tell anyone?",
            on_error=("Escalate", {}),
        ),
        "Tell anyone?": choice(
            "Whatever is not well again goes to people",
            {"$outcome = 'recovered' or $outcome = 'healthy' or $outcome = 'joined'": ("Close", {})},
            otherwise="Escalate",
        ),
        "Escalate": _task(
            "Tells the approvers everything that is known, and what to do by hand",
            arn("workflow/escalate"),
            _ending(runbook),
            then="Close",
            on_error=("Close", {"outcome": "failed", "error": "{% $states.errorOutput %}"}),
        ),
    }


def _close(runbook: Runbook, arn: Arn) -> States:
    return {
        "Close": _task(
            "Writes the report, counts the outcome",
            arn("workflow/close_incident"),
            _ending(runbook),
            output="{% $states.result.Payload %}",
            then="Failed?",
            on_error=("Failed", {"error": "{% $states.errorOutput %}"}),
        ),
        "Failed?": choice(
            "An incident that the automation could not work through counts as failed",
            {"$outcome = 'failed'": ("Failed", {})},
            otherwise="Done",
        ),
        "Failed": {
            "Type": "Fail",
            "Comment": "The automation itself failed; the record says where",
            "Error": "Failed",
            "Cause": "{% $string($error) %}",
        },
        "Done": {"Type": "Succeed", "Comment": "The output is the incident's report"},
    }


def _incident(runbook: Runbook) -> State:
    return {"incident": "{% $states.context.Execution.Name %}", "runbook": runbook.name}


def _ending(runbook: Runbook) -> State:
    return {**_incident(runbook), "outcome": "{% $outcome %}", "error": "{% $error %}"}


def _fix_names(runbook: Runbook) -> list[str]:
    return list(dict.fromkeys(use.fix for use in runbook.fixes))


def _conclude(comment: str, variable: str, runbook: Runbook, arn: Arn, then: str) -> State:
    payload = {**_incident(runbook), "findings": "{% $findings %}", "round": "{% $plan.round %}"}
    words = ["outcome", "digest", "count", "until", "fixes", "every", "round", "turn"]
    words += ["expected"] if runbook.validation.with_ else []
    return _task(
        comment,
        arn("workflow/conclude"),
        payload,
        assign={variable: answered(*words)},
        then=then,
    )


def _parallel(
    comment: str,
    verb: str,
    checks: dict[str, CheckUse],
    arn: Arn,
    then: str,
    on_error: Target = FAILURE,
    expected: Iterable[str] = (),
) -> State:
    """Run checks side by side, with the parameters that the incident was opened with.

    Those named in `expected` are given what the approved plan says of them on top.
    """
    branches = [
        look(f"{verb} {name}", name, arn(f"check/{use.check}"), _given(name, expected=name in expected))
        for name, use in checks.items()
    ]
    return parallel(comment, branches, then=then, on_error=on_error)


def _given(name: str, *, expected: bool) -> str:
    given = f"$lookup($opened.checks, '{name}')"
    return f"{{% $merge([{given}, $lookup($plan.expected, '{name}')]) %}}" if expected else f"{{% {given} %}}"
