"""Does the service log that it asks another one, and that it is answered?"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints

from functions.core.aws import Session
from functions.core.check import check
from functions.core.container_logs import Log, newest
from functions.core.fields import Minutes
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.results import Finding, Parameters

Term = Annotated[str, StringConstraints(pattern=r"^[\w.:/ -]+$")]


class LogEvents(Parameters):
    """A log group, how many minutes to look back, and the words that lines of each kind contain."""

    log_group: str
    minutes: Minutes
    called: Term
    ok: Term
    error: Term


@check(
    allow("logs:FilterLogEvents", on="arn:aws:logs:{region}:{account}:log-group:{log_group}:*"),
    signals={
        "never-called": "The log has no call",
        "errors": "The newest call that came to an end, the log says, ended in an error",
        "never-ok": "The log has no call that was answered",
    },
)
def handler(parameters: LogEvents, aws: Session) -> Finding:
    """Which calls does the log tell of, each kind looked for on its own? Source: ganopa-bot runbook 1, Checks CLI 4."""
    since = datetime.now(UTC) - timedelta(minutes=parameters.minutes)
    terms = [parameters.called, parameters.ok, parameters.error]
    logs = [newest(aws, parameters.log_group, since, f'"{term}"', len(terms)) for term in terms]
    called, ok, error = logs
    counts = {term: f"{log.lines}{'+' if log.more else ''}" for term, log in zip(terms, logs, strict=True)}
    told = ", ".join(f"{count} {term}" for term, count in counts.items())
    summary = say("in the last {minutes} minutes: {told}", minutes=parameters.minutes, told=told)
    cut = any(log.more for log in logs)
    return Finding(
        summary=say("{told}; older lines were not all read", told=summary) if cut else summary,
        signals={"never-called": _none(called), "errors": _failing(ok, error), "never-ok": _none(ok)},
        facts={
            "called": called.lines,
            "ok": ok.lines,
            "errors": error.lines,
            "error": error.last["message"].strip() if error.last else None,
        },
        evidence=[log.last["message"].strip() for log in logs if log.last],
    )


def _none(log: Log) -> bool | None:
    return None if log.any is None else not log.any


def _failing(ok: Log, error: Log) -> bool | None:
    if not error.last or not ok.last:
        return error.any if ok.any is False or not error.any else None
    return error.last["timestamp"] > ok.last["timestamp"]
