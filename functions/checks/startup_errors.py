"""What do the service's containers log when they start?"""

import re
from datetime import UTC, datetime, timedelta

from functions.core import ecs
from functions.core.aws import Session
from functions.core.check import check
from functions.core.container_logs import Log, newest
from functions.core.fields import Minutes
from functions.core.language import say, say_many
from functions.core.permissions import allow
from functions.core.results import Finding

TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(\S.*)")
ERROR = re.compile(r'\b(?:ERROR|CRITICAL|FATAL|panic)\b|"level": ?"(?:error|fatal)"|^[\w.]{1,80}(?:Error|Exception): ')
VARIABLE = re.compile(r"^KeyError: '([A-Z][A-Z0-9_]*)'", re.MULTILINE)
SETTINGS = re.compile(r"validation errors? for \w{0,80}(?:Settings|Config|Environment)\w{0,80}\n")
FIELD = re.compile(r"^(\w+)\n[ \t]+Field required", re.MULTILINE)


class StartupErrors(ecs.ServiceParameters):
    """A service, its log group, and how many minutes to look back at most."""

    log_group: str
    minutes: Minutes


@check(
    allow("ecs:DescribeServices", on=ecs.SERVICE),
    allow("logs:FilterLogEvents", on="arn:aws:logs:{region}:{account}:log-group:{log_group}:*"),
    signals={
        "errors": "Containers of the current deployment log errors",
        "missing-variable": "Containers of the current deployment log that an environment variable is missing",
    },
)
def handler(parameters: StartupErrors, aws: Session) -> Finding:
    """What errors do the current deployment's containers log? Source: ganopa-bot runbook 2, Checks AWS Console 2."""
    deployed = ecs.primary(ecs.get(aws, parameters), aws)["createdAt"]
    since = max(deployed, datetime.now(UTC) - timedelta(minutes=parameters.minutes))
    log = newest(aws, parameters.log_group, since)
    raised = [error for text in log.texts for error in TRACEBACK.findall(text)]
    errors = raised + [line for text in log.texts for line in text.splitlines() if ERROR.search(line)]
    variables = sorted({name for text in log.texts for name in _variables(text)})
    told = _told(len(errors), log, since)
    unseen = None if log.more else False
    return Finding(
        summary=say("{told}: {example}", told=told, example=errors[0]) if errors else told,
        signals={"errors": bool(errors) or unseen, "missing-variable": bool(variables) or unseen},
        facts={"error": raised[-1] if raised else next(iter(errors), None), "variables": variables},
        evidence=list(dict.fromkeys(errors)),
    )


def _told(errors: int, log: Log, since: datetime) -> str:
    told = say_many(
        "{count} error logged since {moment}", "{count} errors logged since {moment}", errors, moment=_moment(log.since)
    )
    cut = say(
        "the newest {lines} lines; older ones, back to {since}, were not read", lines=log.lines, since=_moment(since)
    )
    return f"{told} ({cut})" if log.more else told


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _variables(text: str) -> list[str]:
    return VARIABLE.findall(text) + (FIELD.findall(text) if SETTINGS.search(text) else [])
