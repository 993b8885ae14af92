"""What can be in the way to a host, each told from the others."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, NamedTuple

from botocore.exceptions import ClientError

from functions.core.language import marked, say, translated

Kind = Literal["offline", "agent-silent", "refused", "truncated", "failed", "docker-silent", "too-slow"]
TROUBLES: dict[str, str] = {
    "offline": marked("Systems Manager does not know the host, or has lost its connection"),
    "agent-silent": marked("The agent on the host takes no command"),
    "refused": marked("Systems Manager refuses the command"),
    "truncated": marked("The command says more than Systems Manager keeps"),
    "failed": marked("The command ends on the host with an error"),
    "docker-silent": marked("Docker on the host does not answer"),
    "too-slow": marked("The command does not end in its time"),
}
REFUSED = {
    "AccessDeniedException",
    "InvalidDocument",
    "InvalidDocumentVersion",
    "InvalidParameters",
    "MaxDocumentSizeExceeded",
    "UnsupportedPlatformType",
}
DOCKER_SILENT = 69  # what documents exit with
CUT, MOST_CHARACTERS, LAST_LINES = "---Output truncated---", 24_000, 3
WAITING, RUNNING = {"Pending", "Delayed"}, {"InProgress", "Cancelling"}
# What `StatusDetails` says besides, with spaces or without, of commands that did not end by themselves
ENDED: dict[str, Kind] = {
    "DeliveryTimedOut": "agent-silent",
    "Undeliverable": "offline",
    "AccessDenied": "refused",
    "InvalidPlatform": "refused",
}


class Ran(NamedTuple):
    """What a command wrote to its output and to its error output."""

    output: str
    error: str


class HostTrouble(Exception):
    """A command was not run to its end, or what it said is not known; `lines` is what else was told."""

    def __init__(self, kind: Kind, instance: str, told: str = "") -> None:
        self.kind: Kind = kind
        self.lines = [line for line in told.strip().split("\n") if line.strip()][-LAST_LINES:]
        why = ": ".join([translated(TROUBLES[kind]), *self.lines[-1:]])
        super().__init__(say("{instance}: {why}", instance=instance, why=why))


def ended(instance: str, found: Mapping[str, str | int]) -> Ran | None:
    """Return what a command said, of GetCommandInvocation's answer; None while it goes on.

    Raises:
        HostTrouble: when it has ended, but not well.
    """
    status, details = str(found["Status"]), str(found.get("StatusDetails", "")).replace(" ", "")
    if status in WAITING | RUNNING:
        return None
    output, error = str(found["StandardOutputContent"]), str(found["StandardErrorContent"])
    if details in ENDED:
        raise HostTrouble(ENDED[details], instance)
    if status in ("TimedOut", "Cancelled"):
        raise HostTrouble("too-slow", instance)
    if status == "Failed" and found["ResponseCode"] == DOCKER_SILENT:
        raise HostTrouble("docker-silent", instance)
    if status != "Success":
        code = say("exit code {code}", code=found["ResponseCode"])
        raise HostTrouble("failed", instance, error if error.strip() else code)
    if len(output) >= MOST_CHARACTERS or output.rstrip().endswith(CUT):
        raise HostTrouble("truncated", instance)
    return Ran(output, error)


@contextmanager
def refusals(instance: str) -> Iterator[None]:
    """Say what Systems Manager's own refusals are about; other errors of its remain what they are."""
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        if told["Code"] == "InvalidInstanceId":
            raise HostTrouble("offline", instance) from error
        if told["Code"] in REFUSED:
            raise HostTrouble("refused", instance, f"{told['Code']} {told.get('Message', '')}") from error
        raise
