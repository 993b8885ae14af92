"""ECS physics: start and stop tasks until each service is as it was declared, as the service scheduler on AWS does."""

import math
import queue
import time
from typing import Any

from moto.ecs import ecs_backends
from moto.ecs.models import Task

from sandbox import events
from sandbox.account import ACCOUNT, home
from sandbox.deployments import TROUBLESHOOTING, roll, roll_back, say
from sandbox.lock import STATE
from sandbox.network import Network
from sandbox.speed import sandbox_seconds
from sandbox.targets import Targets
from sandbox.task import RunningTask
from sandbox.task_events import deployment_state_change, task_state_change
from sandbox.untyped import Model

SCHEDULER = "ServiceSchedulerInitiated"
BREAKER_FAILURES = 3  # AWS: half the desired count, at least 3
RETRY_SECONDS = 10.0
UNHEALTHY_SECONDS = 1800.0  # AWS replaces within minutes; longer here, or evidence would change while one reads it


class Scheduler:
    """Runs all services' tasks; `tick` moves everything on, `deliver` sends what happened to the event bus."""

    def __init__(self, network: Network, targets: Targets) -> None:
        self.unhealthy_seconds = UNHEALTHY_SECONDS
        self.registry_reachable = True
        self._network = network
        self._targets = targets
        self._running: dict[str, list[RunningTask]] = {}
        self._events: queue.SimpleQueue[tuple[str, dict[str, Any], list[str]]] = queue.SimpleQueue()

    def tick(self) -> None:
        """Move every task on and bring every service closer to its declaration."""
        with STATE:
            for service in list(_backend().services.values()):
                if service.status != "INACTIVE":
                    self._reconcile(service)

    def deliver(self) -> None:
        """Put the events since the last call on the default event bus."""
        while not self._events.empty():
            detail_type, detail, resources = self._events.get()
            events.put_event("aws.ecs", detail_type, detail, resources)

    def purge(self) -> None:
        """End all tasks at once and forget every service and stopped task: as if there had never been any."""
        with STATE:
            for running in self._running.values():
                for task in running:
                    task.finish()
            self._running.clear()
            self.registry_reachable = True
            _backend().tasks.clear()
            _backend().services.clear()
        while not self._events.empty():
            self._events.get()

    def _reconcile(self, service: Model) -> None:
        tasks = self._running.setdefault(service.arn, [])
        for running in tasks:
            self._advance(service, running)
        stopped = [running for running in tasks if running.status == "STOPPED"]
        tasks[:] = [running for running in tasks if running.status != "STOPPED"]
        for running in stopped:
            self._stopped(service, running)
        self._replace_unhealthy(service, tasks)
        self._scale(service, tasks)
        _count(service, tasks)
        self._conclude(service, tasks)

    def _advance(self, service: Model, running: RunningTask) -> None:
        running.registry_reachable = self.registry_reachable
        before = running.status
        if reason := getattr(running.task, "stop_request", None):
            self._stop(service, running, reason, "UserInitiated")
        running.step()
        if before != "RUNNING" and running.status == "RUNNING":
            for target_group, _ in running.registrations():
                say(service, f"registered 1 targets in (target-group {target_group})")
        if running.status != before and running.status in ("RUNNING", "STOPPED"):
            self._emit("ECS Task State Change", task_state_change(running.task), [running.task.task_arn])

    def _stop(self, service: Model, running: RunningTask, reason: str, code: str = SCHEDULER) -> None:
        if running.task.desired_status == "STOPPED":
            return
        registered = running.registrations() if running.status == "RUNNING" else []
        running.stop(code, reason)
        for target_group, _ in registered:
            say(service, f"deregistered 1 targets in (target-group {target_group})")
        if registered:
            say(service, "has begun draining connections on 1 tasks.")
        say(service, f"has stopped 1 running tasks: (task {running.task.id}).")

    def _stopped(self, service: Model, running: RunningTask) -> None:
        deployment = running.deployment
        unwanted = running.task.stop_code == "UserInitiated" or "Scaling activity" in running.task.stopped_reason
        if unwanted or deployment["rolloutState"] != "IN_PROGRESS":
            return
        deployment["failedTasks"] += 1
        deployment["retryAt"] = time.monotonic() + sandbox_seconds(RETRY_SECONDS)
        if deployment["failedTasks"] < max(BREAKER_FAILURES, math.ceil(service.desired_count / 2)):
            return
        say(service, TROUBLESHOOTING)
        if service.deployment_configuration["deploymentCircuitBreaker"]["enable"]:
            self._give_up(service, deployment)

    def _give_up(self, service: Model, deployment: dict[str, Any]) -> None:
        roll(deployment, "FAILED", "ECS deployment circuit breaker: tasks failed to start.")
        say(service, f"(deployment {deployment['id']}) deployment failed: tasks failed to start.")
        self._emit("ECS Deployment State Change", deployment_state_change(deployment), [service.arn])
        former = getattr(service, "completed_definition", None)
        if service.deployment_configuration["deploymentCircuitBreaker"]["rollback"] and former:
            roll_back(service, former)

    def _replace_unhealthy(self, service: Model, tasks: list[RunningTask]) -> None:
        grace = sandbox_seconds(service.health_check_grace_period_seconds)
        for running in [running for running in tasks if running.status == "RUNNING"]:
            for target_group, port in running.registrations():
                target = self._targets.find(target_group, running.address, port)
                since = time.monotonic() - max(sandbox_seconds(self.unhealthy_seconds), grace)
                if target and target.health[0] == "unhealthy" and target.since < since:
                    place = f"(port {port}) is unhealthy in (target-group {target_group})"
                    say(service, f"{place} due to (reason {target.health[2]})")
                    self._stop(service, running, f"Task failed ELB health checks in (target-group {target_group})")

    def _scale(self, service: Model, tasks: list[RunningTask]) -> None:
        primary = service.deployments[0]
        if primary["rolloutState"] == "FAILED" and service.status == "ACTIVE":
            return
        wanted = [running for running in tasks if running.task.desired_status == "RUNNING"]
        new = [running for running in wanted if running.deployment is primary]
        old = [running for running in wanted if running.deployment is not primary]
        configuration = service.deployment_configuration
        least = math.ceil(service.desired_count * configuration["minimumHealthyPercent"] / 100)
        most = math.floor(service.desired_count * configuration["maximumPercent"] / 100)
        able = sum(self._serves(running) for running in new)
        surplus = new[service.desired_count :] + old[: max(0, len(old) + able - least)]
        for running in surplus:
            self._stop(service, running, f"Scaling activity initiated by (deployment {primary['id']})")
        room = min(service.desired_count - len(new), most - len(tasks))
        if room > 0 and time.monotonic() >= primary.get("retryAt", 0.0):
            started = [self._launch(service, primary) for _ in range(room)]
            tasks += started
            names = " ".join(f"(task {running.task.id})" for running in started)
            say(service, f"has started {len(started)} tasks: {names}.")

    def _launch(self, service: Model, deployment: dict[str, Any]) -> RunningTask:
        backend = _backend()
        definition = backend.describe_task_definition(deployment["taskDefinition"])
        task = Task(
            cluster=backend.clusters[service.cluster_name],
            task_definition=definition,
            container_instance_arn=None,
            resource_requirements=None,
            backend=backend,
            group=f"service:{service.name}",
            launch_type=service.launch_type,
            started_by=deployment["id"],
            networking_configuration=deployment["networkConfiguration"],
        )
        task.id = task.id.replace("-", "")
        backend.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
        return RunningTask(task, definition, deployment, self._network, self._targets)

    def _serves(self, running: RunningTask) -> bool:
        if running.status != "RUNNING":
            return False
        found = [self._targets.find(group, running.address, port) for group, port in running.registrations()]
        return all(target and target.health[0] == "healthy" for target in found)

    def _conclude(self, service: Model, tasks: list[RunningTask]) -> None:
        if service.status == "DRAINING":
            if not tasks:
                service.status, service.deployments = "INACTIVE", []
            return
        primary = service.deployments[0]
        done = [running for running in tasks if running.deployment is primary and self._serves(running)]
        steady = len(tasks) == len(done) == service.desired_count and primary["rolloutState"] != "FAILED"
        if steady and primary["rolloutState"] == "IN_PROGRESS":
            roll(primary, "COMPLETED", f"ECS deployment {primary['id']} completed.")
            service.completed_definition = primary["taskDefinition"]
            say(service, f"(deployment {primary['id']}) deployment completed.")
            self._emit("ECS Deployment State Change", deployment_state_change(primary), [service.arn])
        if steady and not service.steady:
            say(service, "has reached a steady state.")
        service.steady = steady

    def _emit(self, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
        self._events.put((detail_type, detail, resources))


def _backend() -> Model:
    return ecs_backends[ACCOUNT][home()]


def _count(service: Model, tasks: list[RunningTask]) -> None:
    for deployment in service.deployments:
        own = [running for running in tasks if running.deployment is deployment]
        deployment["runningCount"] = sum(running.status == "RUNNING" for running in own)
        deployment["pendingCount"] = sum(running.status in ("PROVISIONING", "PENDING") for running in own)
        if deployment["status"] == "ACTIVE":
            deployment["desiredCount"] = 0
    unsettled = service.deployments[:1] and service.deployments[0]["rolloutState"] == "IN_PROGRESS"
    kept = [
        deployment
        for deployment in service.deployments
        if deployment["status"] == "PRIMARY"
        or any(running.deployment is deployment for running in tasks)
        or (deployment["rolloutState"] == "FAILED" and unsettled)
    ]
    service.deployments = kept
    service.running_count = sum(deployment["runningCount"] for deployment in kept)
    service.pending_count = sum(deployment["pendingCount"] for deployment in kept)
