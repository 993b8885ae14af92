"""Do the services log more errors than is normal?"""

from typing import Annotated

from pydantic import Field

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Minutes
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.output import pairs
from functions.core.results import Finding

Errors = Annotated[int, Field(ge=1)]
SUMMARY = marked("{errors} lines with errors in {minutes} minutes, {hourly} an hour; the most: {most}")


class ContainerErrors(OfCompose):
    """How many minutes to look back; from how many errors an hour on is more than normal, and how many are too many."""

    minutes: Minutes
    warning: Errors
    alert: Errors


@host_check(
    "look_errors",
    signals={
        "too-many": "The services log so many errors that somebody has to look",
        "more-than-normal": "The services log more errors than is normal",
    },
)
def handler(parameters: ContainerErrors, aws: Session) -> Finding:
    """How many errors do the services log? Source: Harena, Métriques à surveiller; Checklist quotidienne."""
    said = hosts.run(
        aws,
        parameters.instance,
        "look_errors",
        directory=parameters.directory,
        file=parameters.file,
        minutes=str(parameters.minutes),
    )
    counts: dict[str, int] = {}
    lines: list[str] = []
    service = ""
    for name, value in pairs(said.output):
        if name == "service":
            service = value
        elif name == "errors":
            counts[service] = int(value)
        elif name == "line":
            lines.append(f"{service}: {value}")
    errors, most = sum(counts.values()), max(counts, key=lambda name: counts[name], default="")
    hourly = round(errors * 60 / parameters.minutes)
    told = {"errors": errors, "minutes": parameters.minutes, "hourly": hourly}
    return Finding(
        summary=say(SUMMARY, **told, most=f"{most} {counts[most]}" if errors else say("none")),
        signals={"too-many": hourly > parameters.alert, "more-than-normal": hourly >= parameters.warning},
        facts={**told, "service": most if errors else None},
        evidence=lines,
    )
