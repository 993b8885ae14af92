"""An SSM that knows one instance, and answers for it what a test wrote; in front of moto, which knows none."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from functions.core.aws import Session
from tests.functions.answering import Answer, answering

INSTANCE = "i-0011b978b7cea66dc"
COMMAND = "ef7fdfd8-9b57-4151-a15c-db9a12345678"
ON = {"instance": INSTANCE}
OF = {**ON, "directory": "/home/ec2-user/harena", "file": "docker-compose.prod.yml"}


@dataclass
class Systems:
    """The instance's state, what each document answers by its file's name, and the calls that arrived.

    `statuses` are what GetCommandInvocation says first, one after another; the last one as often as it is asked.
    `errors` are what operations answer with: code and message. `effects` are what documents do. `commands` were sent
    before.
    """

    ping: str | None = "Online"
    said: dict[str, str] = field(default_factory=dict)
    error: str = ""
    statuses: list[Answer] = field(default_factory=lambda: [{"Status": "Success", "ResponseCode": 0}])
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: list[tuple[str, Answer]] = field(default_factory=list)
    effects: dict[str, Callable[[], None]] = field(default_factory=dict)
    commands: list[Answer] = field(default_factory=list)

    def fails(self, code: int, error: str = "") -> None:
        """Let commands end with an exit code."""
        self.statuses = [{"Status": "Failed", "StatusDetails": "Failed", "ResponseCode": code}]
        self.error = error

    def stays(self, status: str) -> None:
        """Let commands never end."""
        self.statuses = [{"Status": status, "StatusDetails": status, "ResponseCode": -1}]

    def called(self, operation: str) -> list[Answer]:
        """List the parameters of an operation's calls."""
        return [parameters for name, parameters in self.calls if name == operation]

    def answer(self, operation: str, parameters: Answer) -> Answer:
        """Answer one call."""
        self.calls.append((operation, parameters))
        if operation in self.errors:
            code, message = self.errors[operation]
            return {"Error": {"Code": code, "Message": message}}
        answers: dict[str, Callable[[], Answer]] = {
            "DescribeInstanceInformation": lambda: {
                "InstanceInformationList": [{"PingStatus": self.ping}] if self.ping else []
            },
            "SendCommand": self._command,
            "GetCommandInvocation": self._invocation,
            "CancelCommand": dict,
            "ListCommands": lambda: {"Commands": self.commands},
        }
        return answers[operation]()

    @property
    def sent(self) -> list[str]:
        """List the documents that were sent, by their files' names."""
        names = [re.search("(?:look|do)-.+$", one["DocumentName"]) for one in self.called("SendCommand")]
        return [found[0].replace("-", "_") for found in names if found]

    def _command(self) -> Answer:
        self.effects.get(self.sent[-1], lambda: None)()
        return {"Command": {"CommandId": COMMAND}}

    def _invocation(self) -> Answer:
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        if "Error" in status:
            return status
        said = self.said.get(self.sent[-1], "") if self.sent else ""
        return {"StandardOutputContent": said, "StandardErrorContent": self.error, **status}


@contextmanager
def serving(systems: Systems, aws: Session) -> Iterator[None]:
    """Let SSM's answers come from here, for a session's calls."""
    with answering(aws, "ssm", None, systems.answer):
        yield
