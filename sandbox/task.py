"""One ECS task from PROVISIONING to STOPPED: image, container, network interface, target."""

import time
import uuid
from typing import Any

from moto.ec2 import ec2_backends
from moto.ecs.models import Task
from moto.logs import logs_backends

from sandbox.account import ACCOUNT, home
from sandbox.bot import KILLED, Bot, ContainerExitedError
from sandbox.deployments import now
from sandbox.network import Interface, Network
from sandbox.speed import sandbox_seconds
from sandbox.startup import NotStartedError, check_logs, environment, pull
from sandbox.targets import Targets
from sandbox.untyped import Model

PROVISIONING_SECONDS = 5.0  # on AWS, as are all of these
PULLING_SECONDS = 5.0
STOPPING_SECONDS = 5.0
EXITED = "Essential container in task exited"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class RunningTask:
    """A task and what it really is here: a container with a socket; `step` moves it on when its time has come."""

    def __init__(
        self, task: Task, definition: Model, deployment: dict[str, Any], network: Network, targets: Targets
    ) -> None:
        self.task: Any = task
        self.deployment = deployment
        self.registry_reachable = True
        self._network = network
        self._targets = targets
        self._definition = definition.container_definitions[0]
        self._memory = int(self._definition.get("memory") or definition.memory)
        self._execution_role = getattr(definition, "execution_role_arn", None)
        self._container: Any = task.containers[0]
        self._bot: Bot | None = None
        self._due = 0.0
        attachment: Model = task.attachments[0]
        details = {detail["name"]: detail["value"] for detail in attachment["details"]}
        self.address: str = details["privateIPv4Address"]
        self._interface_id: str = details["networkInterfaceId"]
        self._describe(definition)
        self._become("PROVISIONING", PROVISIONING_SECONDS)

    @property
    def status(self) -> str:
        """The task's lastStatus."""
        return str(self.task.last_status)

    def step(self) -> None:
        """Do what is due."""
        if time.monotonic() < self._due:
            return
        if self.status == "PROVISIONING":
            self._become("PENDING", PULLING_SECONDS)
        elif self.status == "PENDING":
            self._start()
        elif self.status == "DEACTIVATING":
            self.finish()

    def stop(self, code: str, reason: str) -> None:
        """Begin to stop: deregister, then end the container after its grace."""
        if self.task.desired_status == "STOPPED":
            return
        self._set_stopped(code, reason)
        for target_group, port in self.registrations():
            self._targets.deregister(target_group, self.address, port)
        self._become("DEACTIVATING", STOPPING_SECONDS)

    def finish(self) -> None:
        """End the container at once and free what the task held; the task stays listable as STOPPED."""
        if self._bot:
            self._bot.stop()
            self._container.exitCode = 0 if self._container.exitCode is None else self._container.exitCode
        self._network.detach(self.address)
        ec2_backends[ACCOUNT][home()].enis.pop(self._interface_id, None)
        self.task.attachments[0]["status"] = "DELETED"
        self.task.stopped_at = self.task.execution_stopped_at = now()
        self._become("STOPPED")

    def registrations(self) -> list[tuple[str, int]]:
        """Return (target group ARN, container port) of each target that the task is."""
        return [(entry["targetGroupArn"], entry["containerPort"]) for entry in self.deployment["loadBalancers"]]

    def _describe(self, definition: Model) -> None:
        task, container = self.task, self._container
        task.created_at = task.pull_started_at = now()
        task.cpu, task.memory, task.version = definition.cpu, definition.memory, 1
        task.availability_zone, task.connectivity, task.health_status = f"{home()}a", "CONNECTED", "UNKNOWN"
        task.platform_family, task.platform_version = "Linux", "1.4.0"
        container.task_arn, container.exitCode, container.health_status = task.task_arn, None, "UNKNOWN"
        container.container_arn = f"{task.task_arn.replace(':task/', ':container/')}/{uuid.uuid4()}"
        container.runtime_id = f"{task.id}-{uuid.uuid4().int % 10**10}"
        interface = {"attachmentId": task.attachments[0]["id"], "privateIpv4Address": self.address}
        container.network_interfaces = [interface]

    def _become(self, status: str, aws_seconds: float = 0.0) -> None:
        self.task.last_status = status
        self.task.version = self.task.version + 1
        self._container.last_status = status if status in ("RUNNING", "STOPPED") else self._container.last_status
        self._due = time.monotonic() + sandbox_seconds(aws_seconds)

    def _start(self) -> None:
        try:
            check_logs(self._definition)
            variables = environment(self._definition, self._execution_role)
            image = pull(self.deployment.get("resolvedImage", self._container.image), reachable=self.registry_reachable)
        except NotStartedError as error:
            self._fail("TaskFailedToStart", str(error))
            return
        # AWS: all tasks of a deployment run the image that its first one found, wherever the tag points later
        self.deployment["resolvedImage"] = image.name
        self._container.image_digest = image.digest
        self._run(image.commit, variables)

    def _run(self, version: str, variables: dict[str, str]) -> None:
        bot = Bot(version, variables, self._memory, self._log)
        try:
            loopback_port = bot.start()
        except ContainerExitedError as error:
            self._container.exitCode = error.code
            self._container.reason = OUT_OF_MEMORY if error.code == KILLED else None
            self._fail("EssentialContainerExited", EXITED)
            return
        self._bot = bot
        groups = self.task.network_configuration["awsvpcConfiguration"]["securityGroups"]
        self._network.attach(Interface(self.address, lambda: list(groups)))
        for mapping in self._definition.get("portMappings", []) if loopback_port else []:
            self._network.listen(self.address, mapping["containerPort"], loopback_port or 0)
        self.task.started_at = self.task.pull_stopped_at = now()
        self._become("RUNNING")
        for target_group, port in self.registrations():
            self._targets.register(target_group, self.address, port)

    def _fail(self, code: str, reason: str) -> None:
        if code == "TaskFailedToStart":
            self._container.reason = reason
        self._set_stopped(code, reason)
        self.finish()

    def _set_stopped(self, code: str, reason: str) -> None:
        self.task.desired_status, self.task.stop_code, self.task.stopped_reason = "STOPPED", code, reason
        self.task.stopping_at = now()

    def _log(self, message: str) -> None:
        options = self._definition["logConfiguration"]["options"]
        stream = f"{options['awslogs-stream-prefix']}/{self._definition['name']}/{self.task.id}"
        logs = logs_backends[ACCOUNT][options["awslogs-region"]]
        if options["awslogs-group"] not in logs.groups:
            return  # awslogs drops what it cannot deliver
        logs.ensure_log_stream(options["awslogs-group"], stream)
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in message.splitlines()]
        logs.put_log_events(options["awslogs-group"], stream, events)
