"""The way to a host: one of the stack's own SSM documents, run on exactly one instance, for a bounded time."""

import functools
import os
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TypeVar

from functions.core.aws import Session
from functions.core.check import Check
from functions.core.fields import FileName, Folder, InstanceId
from functions.core.host_troubles import TROUBLES, WAITING, HostTrouble, Ran, ended, refusals
from functions.core.permissions import INSTANCES, SENDING, Permission, allow
from functions.core.results import CommandFailed, Finding, Parameters

__all__ = [
    "HostTrouble",
    "OfCompose",
    "OnHost",
    "Ran",
    "called",
    "cancel",
    "follow",
    "host_check",
    "permissions",
    "run",
    "start",
]
SECONDS = 14.0  # a check has 20, and has to cancel and to tell
DELIVERY_SECONDS = 30  # the least that SSM allows
MOST_COMMANDS = 500  # that are looked through for one
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.2, 2.0, 1.5
P = TypeVar("P", bound="OnHost")


class OnHost(Parameters):
    """An instance, by the id that Systems Manager knows it by."""

    instance: InstanceId


class OfCompose(OnHost):
    """A compose project on an instance: its folder, and its file there."""

    directory: Folder
    file: FileName


def called(service: str, document: str) -> str:
    """Name a service's document on AWS, by its file's name."""
    return f"{service}-{document.replace('_', '-')}"


def permissions(*documents: str, named: bool = False) -> tuple[Permission, ...]:
    """Declare what running these documents on the parameters' `instance` needs, or starting them under a name."""
    arns = [f"arn:aws:ssm:{{region}}:{{account}}:document/{called('{stack}', name)}" for name in documents]
    finding = ("ssm:ListCommands",) if named else ()
    return (
        allow("ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:CancelCommand", *finding),
        *(allow(SENDING, on=arn) for arn in (*arns, *INSTANCES)),
    )


def host_check(*documents: str, signals: Mapping[str, str]) -> Callable[[Callable[[P, Session], Finding]], Check]:
    """Make a function a check that runs documents on its parameters' `instance`.

    It also answers why a host could not be looked at, by one of seven signals more; then every other one is unknown.

    Args:
        documents: what it runs, by their files' names; they only look.
        signals: the questions it answers, each as a sentence that is true when the signal is.
    """

    def declare(body: Callable[[P, Session], Finding]) -> Check:
        @functools.wraps(body)
        def look(parameters: P, aws: Session) -> Finding:
            try:
                finding = body(parameters, aws)
            except HostTrouble as trouble:
                return Finding(summary=str(trouble), signals={trouble.kind: True}, evidence=trouble.lines)
            finding.signals = finding.signals | dict.fromkeys(TROUBLES, False)
            return finding

        return Check(look, permissions(*documents), {**signals, **TROUBLES})

    return declare


def run(aws: Session, instance: str, document: str, /, seconds: float | None = None, **parameters: str) -> Ran:
    """Run a document and wait for its end; what has not ended by then is cancelled.

    Raises:
        HostTrouble: when it did not work.
    """
    end, pause = time.monotonic() + (seconds or SECONDS), FIRST_PAUSE
    command = start(aws, instance, document, **parameters)
    while True:
        found = _invocation(aws, instance, command)
        if ran := ended(instance, found):
            return ran
        if time.monotonic() + pause >= end:
            break
        time.sleep(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE)
    cancel(aws, instance, command)
    raise HostTrouble("agent-silent" if found["Status"] in WAITING else "too-slow", instance)


def start(aws: Session, instance: str, document: str, /, name: str = "", **parameters: str) -> str:
    """Send a document to an instance that is online; return the command's id.

    What was sent there under the same name before is not sent again.

    Raises:
        HostTrouble: when the instance is not, or Systems Manager refuses.
    """
    strange = [name for name, value in parameters.items() if not value.isprintable()]
    if strange:
        raise HostTrouble("refused", instance, ", ".join(strange))
    ssm = aws.client("ssm")
    with refusals(instance):
        nodes = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": [instance]}])
        status = next((one["PingStatus"] for one in nodes["InstanceInformationList"]), "")
        if status != "Online":
            raise HostTrouble("offline", instance, status)
        owned = called(os.environ["SERVICE"], document)
        if known := _sent(aws, instance, owned, name):
            return known
        sent = ssm.send_command(
            DocumentName=owned,
            InstanceIds=[instance],
            Parameters={word: [value] for word, value in parameters.items()},
            TimeoutSeconds=DELIVERY_SECONDS,
            **({"Comment": name} if name else {}),
        )
    return str(sent["Command"]["CommandId"])


def _sent(aws: Session, instance: str, owned: str, name: str) -> str:
    """Find the command that was sent under a name; empty where none was, or none is looked for."""
    if not name:
        return ""
    filters = [{"key": "DocumentName", "value": owned}]
    pages = aws.client("ssm").get_paginator("list_commands").paginate(InstanceId=instance, Filters=filters)
    newest = islice((one for page in pages for one in page["Commands"]), MOST_COMMANDS)
    return next((str(one["CommandId"]) for one in newest if one.get("Comment") == name), "")


def follow(command: str, parameters: OnHost, aws: Session) -> bool:
    """Say whether a command that a fix has started has ended, as `Fix.following` asks.

    Raises:
        CommandFailed: when it has ended, but not well.
        HostTrouble: when that cannot be seen.
    """
    found = _invocation(aws, parameters.instance, command)
    try:
        return ended(parameters.instance, found) is not None
    except HostTrouble as trouble:
        raise CommandFailed(str(trouble)) from trouble


def cancel(aws: Session, instance: str, command: str) -> None:
    """End a command, wherever it is; one that has ended already remains as it is."""
    with refusals(instance):
        aws.client("ssm").cancel_command(CommandId=command, InstanceIds=[instance])


def _invocation(aws: Session, instance: str, command: str) -> Mapping[str, str | int]:
    ssm = aws.client("ssm")
    with refusals(instance):
        try:
            found: Mapping[str, str | int] = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
        except ssm.exceptions.InvocationDoesNotExist:  # not yet: it is known some moments after it was sent
            return {"Status": "Pending"}
    return found
