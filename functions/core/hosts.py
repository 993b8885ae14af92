"""The way to a host: one of the stack's own SSM documents, run on exactly one instance, for a bounded time."""

import functools
import os
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from functions.core.aws import Session
from functions.core.check import Check
from functions.core.fields import FileName, Folder, InstanceId
from functions.core.host_troubles import TROUBLES, WAITING, HostTrouble, Ran, ended, refusals
from functions.core.permissions import INSTANCES, SENDING, Permission, allow
from functions.core.results import Finding, Parameters

__all__ = [
    "HostTrouble",
    "OfCompose",
    "OnHost",
    "Ran",
    "called",
    "cancel",
    "host_check",
    "permissions",
    "progress",
    "run",
    "start",
]
SECONDS = 14.0  # a check has 20, and has to cancel and to tell
DELIVERY_SECONDS = 30  # the least that SSM allows
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


def permissions(*documents: str) -> tuple[Permission, ...]:
    """Declare what running these documents on the parameters' `instance` needs."""
    arns = [f"arn:aws:ssm:{{region}}:{{account}}:document/{called('{stack}', name)}" for name in documents]
    return (
        allow("ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:CancelCommand"),
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


def start(aws: Session, instance: str, document: str, /, **parameters: str) -> str:
    """Send a document to an instance that is online; return the command's id.

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
        sent = ssm.send_command(
            DocumentName=called(os.environ["SERVICE"], document),
            InstanceIds=[instance],
            Parameters={name: [value] for name, value in parameters.items()},
            TimeoutSeconds=DELIVERY_SECONDS,
        )
    return str(sent["Command"]["CommandId"])


def progress(aws: Session, instance: str, command: str) -> Ran | None:
    """Look at a command that was started; None while it goes on.

    Raises:
        HostTrouble: when it has ended, but not well.
    """
    return ended(instance, _invocation(aws, instance, command))


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
