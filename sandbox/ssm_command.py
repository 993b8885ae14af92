"""A command that SSM has sent: its parameters held against its document, and how it goes on each node."""

import datetime
import re
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.account import home
from sandbox.host.host import Host
from sandbox.host.shell import Ended
from sandbox.speed import sandbox_seconds
from sandbox.ssm_parameters import values
from sandbox.untyped import Model

LEAST_SECONDS = 10.0  # on this machine, on whose clock curl waits for what hangs: for 8 seconds
VISIBLE_SECONDS = 0.03  # GetCommandInvocation knows a command a moment after it was sent
DELAYED_SECONDS = 60.0  # on AWS, after which a command that nobody picked up is Delayed
OUTPUT, ERROR = 24_000, 8_000
CUT = "--output truncated--"
CHANGES = "-do-"  # in the name of a document that changes something
IDLE = Ended(0, "", "")
_DEFAULT_SECONDS = "3600"
_REFERENCE = re.compile(r"{{\s*(\w+)\s*}}")
_ENDINGS = {
    "cancelled": ("Cancelled", "Cancelled"),
    "timed-out": ("TimedOut", "Execution Timed Out"),
    "interrupted": ("Failed", "Failed"),
}


class Command:
    """A command with one invocation a node; raises InvalidParameters where its parameters do not fit the document."""

    def __init__(self, document: Model, asked: dict[str, Any], nodes: list[str]) -> None:
        content = document.content_json
        steps = [one for one in content["mainSteps"] if one["action"] == "aws:runShellScript"]
        if len(content["mainSteps"]) != 1 or not steps or content["schemaVersion"] != "2.2":
            raise NotImplementedError(f"document {document.name}: only one aws:runShellScript is simulated")
        self.asked = asked
        self.document = document
        self.command_id = str(uuid.uuid4())
        self.step: str = steps[0]["name"]
        self.declared: dict[str, Any] = content.get("parameters") or {}
        self.values = values(self.declared, asked.get("Parameters") or {})
        inputs = steps[0]["inputs"]
        lines = inputs["runCommand"]
        self.script = self.filled("\n".join(lines) if isinstance(lines, list) else lines)
        self.folder = self.filled(str(inputs.get("workingDirectory", "")))
        self.execution_seconds = float(self.filled(str(inputs.get("timeoutSeconds", _DEFAULT_SECONDS))))
        self.delivery_seconds = float(asked.get("TimeoutSeconds") or 3600)
        self.requested = datetime.datetime.now(datetime.UTC)
        self.invocations = [Invocation(self, node) for node in nodes]
        self.instance_ids = nodes

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the agent hands over what is declared so."""
        return {
            f"SSM_{name}": self.values[name]
            for name, one in self.declared.items()
            if one.get("interpolationType") == "ENV_VAR" and name in self.values
        }

    def filled(self, text: str) -> str:
        """Put values where the document says {{ name }}, as the agent does: text, whatever it means to a shell."""

        def value(found: re.Match[str]) -> str:
            plain = self.declared.get(found[1], {}).get("interpolationType") != "ENV_VAR"
            return self.values[found[1]] if plain and found[1] in self.values else found[0]

        return _REFERENCE.sub(value, text)

    def response_object(self) -> dict[str, Any]:
        """Return what SendCommand and ListCommands say."""
        statuses = {one.status for one in self.invocations}
        order = ("Pending", "Delayed", "InProgress", "TimedOut", "Failed", "Cancelled", "Success")
        status = next(one for one in order if one in statuses)
        return {
            "CommandId": self.command_id,
            "DocumentName": self.document.name,
            "DocumentVersion": self.asked.get("DocumentVersion", "$DEFAULT"),
            "Comment": self.asked.get("Comment", ""),
            "ExpiresAfter": self.requested + datetime.timedelta(seconds=self.delivery_seconds),
            "Parameters": self.asked.get("Parameters") or {},
            "InstanceIds": self.instance_ids,
            "Targets": self.asked.get("Targets") or [],
            "RequestedDateTime": self.requested,
            "Status": "InProgress" if status == "Delayed" else status,
            "StatusDetails": status,
            "MaxConcurrency": "50",
            "MaxErrors": "0",
            "TargetCount": len(self.invocations),
            "CompletedCount": sum(one.over for one in self.invocations),
            "ErrorCount": sum(one.status == "Failed" for one in self.invocations),
            "TimeoutSeconds": int(self.delivery_seconds),
        }


class Invocation:
    """A command on one node: Pending until the agent picks it up, InProgress while its script runs."""

    def __init__(self, command: Command, node: str) -> None:
        self.command = command
        self.node = node
        self.status = self.details = "Pending"
        self.code = -1
        self.output = self.error = ""
        self._sent = time.monotonic()
        self._begun: datetime.datetime | None = None
        self._ended: datetime.datetime | None = None
        self._cancelled = threading.Event()
        self._lock = threading.Lock()

    @property
    def visible(self) -> bool:
        """Tell whether the API knows of it already."""
        return time.monotonic() - self._sent >= VISIBLE_SECONDS

    @property
    def over(self) -> bool:
        """Tell whether it has ended."""
        return self.status not in ("Pending", "InProgress", "Delayed")

    def cancel(self) -> None:
        """End it: at once where nobody has picked it up."""
        with self._lock:
            self._cancelled.set()
            if self.status in ("Pending", "Delayed"):
                self._end("Cancelled", "Cancelled")

    def run(self, host: Host, sleep: Callable[[float], bool]) -> None:
        """Wait for the agent, then run the script on the host."""
        while not self._picked_up(host):
            if self.over or not sleep(0.02):
                return
        command = self.command
        seconds = max(sandbox_seconds(command.execution_seconds), LEAST_SECONDS)
        agents = {"AWS_SSM_INSTANCE_ID": self.node, "AWS_SSM_REGION_NAME": home()}
        variables = {**agents, **command.environment}
        idle = host.powerless and CHANGES in command.document.name
        ended = (
            IDLE if idle else host.execute(command.script, variables, seconds, self._cancelled.is_set, command.folder)
        )
        with self._lock:
            self.code = ended.code
            self.output, self.error = _cut(ended.output, OUTPUT), _cut(ended.error, ERROR)
            plain = ("Success", "Success") if ended.code == 0 else ("Failed", "Failed")
            self._end(*_ENDINGS.get(ended.how, plain))

    def described(self) -> dict[str, Any]:
        """Return what GetCommandInvocation says."""
        begun, ended = self._begun, self._ended
        elapsed = ((ended or datetime.datetime.now(datetime.UTC)) - begun).total_seconds() if begun else None
        return {
            "CommandId": self.command.command_id,
            "InstanceId": self.node,
            "Comment": self.command.asked.get("Comment", ""),
            "DocumentName": self.command.document.name,
            "DocumentVersion": self.command.asked.get("DocumentVersion", "$DEFAULT"),
            "PluginName": self.command.step,
            "ResponseCode": self.code,
            "ExecutionStartDateTime": _iso(begun),
            "ExecutionElapsedTime": f"PT{elapsed:.3f}S" if elapsed is not None else "",
            "ExecutionEndDateTime": _iso(ended),
            "Status": self.status,
            "StatusDetails": self.details,
            "StandardOutputContent": self.output,
            "StandardOutputUrl": "",
            "StandardErrorContent": self.error,
            "StandardErrorUrl": "",
        }

    def listed(self, *, details: bool) -> dict[str, Any]:
        """Return what ListCommandInvocations says."""
        plugin = {
            "Name": self.command.step,
            "Status": self.status,
            "StatusDetails": self.details,
            "ResponseCode": self.code,
            "Output": _cut(self.output, 2_500),
        }
        return {
            "CommandId": self.command.command_id,
            "InstanceId": self.node,
            "InstanceName": "",
            "Comment": self.command.asked.get("Comment", ""),
            "DocumentName": self.command.document.name,
            "RequestedDateTime": self.command.requested,
            "Status": self.status,
            "StatusDetails": self.details,
            "CommandPlugins": [plugin] if details else [],
        }

    def _picked_up(self, host: Host) -> bool:
        with self._lock:
            waited = time.monotonic() - self._sent
            if self.over:
                return False
            if host.agent == "running" and self.visible:
                self.status = self.details = "InProgress"
                self._begun = datetime.datetime.now(datetime.UTC)
                return True
            if waited > sandbox_seconds(self.command.delivery_seconds):
                self._end("TimedOut", "Delivery Timed Out")
            elif waited > sandbox_seconds(DELAYED_SECONDS):
                self.status = self.details = "Delayed"
            return False

    def _end(self, status: str, details: str) -> None:
        self.status, self.details = status, details
        self._ended = datetime.datetime.now(datetime.UTC)


def _cut(text: str, most: int) -> str:
    return text if len(text) < most else text[: most - len(CUT)] + CUT


def _iso(moment: datetime.datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if moment else ""
