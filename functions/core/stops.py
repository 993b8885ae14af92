"""What stops every change of a service: a kill switch that somebody has pulled, or a change freeze."""

from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from functions.core.aws import Session
from functions.core.language import say
from functions.core.permissions import allow
from statemachines.model import Service

GO = "go"
EVERYTHING, ONE_SERVICE = "/runbooks/switch", "/runbooks/{service}/switch"
PERMISSION = allow("ssm:GetParameters", "ssm:GetParameterHistory", on="{switches}")


def switches(service: str) -> list[str]:
    """Name the SSM parameters that stop a service: everybody's, and its own."""
    return [EVERYTHING, ONE_SERVICE.format(service=service)]


def stopped(aws: Session, service: str) -> str:
    """Say why the kill switches forbid any change of a service; empty where they do not.

    A switch says `go`; any other value is the reason for stopping. One that is missing, or cannot be read, stops too.
    """
    values, unread = _read(aws, service)
    for name in switches(service):
        if values.get(name, GO).lower() != GO:
            return say("Stopped by {who}: {reason}", who=_author(aws, name), reason=" ".join(values[name].split()))
    return unread


def unreadable(aws: Session, service: str) -> str:
    """Say why the kill switches cannot be read, whatever they say; empty where they can."""
    return _read(aws, service)[1]


def _read(aws: Session, service: str) -> tuple[dict[str, str], str]:
    """Read the switches that there are, and say why not all of them are known; empty where they are."""
    try:
        found = aws.client("ssm").get_parameters(Names=switches(service))["Parameters"]
    except (BotoCoreError, ClientError) as error:
        return {}, say("The kill switches cannot be read, so nothing is changed: {error}", error=error)
    values = {one["Name"]: one["Value"].strip() for one in found}
    missing = next((name for name in switches(service) if name not in values), "")
    return values, say("The kill switch {name} is missing, so nothing is changed.", name=missing) if missing else ""


def frozen(service: Service) -> str:
    """Say which change freeze of the service's file holds now; empty where none does."""
    now = datetime.now(UTC)
    for freeze in service.freezes:
        if freeze.start <= now < freeze.end:
            return say(
                "Change freeze until {end}: {reason}", end=freeze.end.isoformat(" ", "minutes"), reason=freeze.reason
            )
    return ""


def why(aws: Session, service: Service) -> str:
    """Say what forbids any change of a service now: a kill switch or a freeze; empty where nothing does."""
    return stopped(aws, service.name) or frozen(service)


def _author(aws: Session, name: str) -> str:
    """Return who wrote a switch last, as SSM itself recorded it, and when."""
    try:
        pages = aws.client("ssm").get_paginator("get_parameter_history").paginate(Name=name)
        last = [version for page in pages for version in page["Parameters"]][-1]
    except (BotoCoreError, ClientError, IndexError):
        return say("somebody (SSM does not tell whom)")
    return f"{last.get('LastModifiedUser', '?')}, {last['LastModifiedDate']:%Y-%m-%d %H:%M}"
