"""ECS's API as on AWS where moto differs: what a service accepts, what is listed. sandbox/ecs.py runs the tasks."""

import itertools
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs import models
from moto.ecs.exceptions import ECSException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse as Response
from moto.elbv2 import elbv2_backends

from sandbox.deployments import begin_deployment, default_configuration
from sandbox.lock import serialize
from sandbox.patches.replaced import replace
from sandbox.untyped import Model

UPDATABLE = {
    "desiredCount": "desired_count",
    "deploymentConfiguration": "deployment_configuration",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
}
REDEPLOYED = {"loadBalancers": "load_balancers", "networkConfiguration": "network_configuration"}
ADDRESSES = itertools.cycle(f"10.40.1.{host}" for host in range(10, 250))  # moto's lie outside the subnet, and collide
IDENTITY = {"cluster", "service", "taskDefinition", "forceNewDeployment"}


def create_service(self: Model) -> Model:
    """CreateService: only where there is none, or an INACTIVE one; tasks come from the physics."""
    asked = self._get_params()
    backend = self.ecs_backend
    cluster = backend._get_cluster(asked.get("cluster", "default"))
    existing = backend.services.get(f"{cluster.name}:{asked['serviceName']}")
    if existing and existing.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    if existing and existing.status == "ACTIVE":
        raise InvalidParameterException("Creation of service was not idempotent.")
    _check_load_balancers(self, asked.get("loadBalancers", []), asked["taskDefinition"])
    result = replace.original(Response, "create_service")(self)
    service = backend.services[f"{cluster.name}:{asked['serviceName']}"]
    service.deployment_configuration = default_configuration(asked.get("deploymentConfiguration"))
    service.health_check_grace_period_seconds = asked.get("healthCheckGracePeriodSeconds", 0)
    service.running_count = service.pending_count = 0
    service.deployments = []
    service.created_at = begin_deployment(service)["createdAt"]
    return result


def register_task_definition(self: Model) -> Model:
    """RegisterTaskDefinition: it remembers when."""
    result = replace.original(Response, "register_task_definition")(self)
    result.result["taskDefinition"].registered_at = utcnow()
    return result


def update_service(self: Model) -> Model:
    """UpdateService: refused unless ACTIVE; a new deployment where tasks must be replaced."""
    asked = self._get_params()
    service = self.ecs_backend._get_service(asked.get("cluster", "default"), asked["service"].split("/")[-1])
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    if unknown := set(asked) - IDENTITY - set(UPDATABLE) - set(REDEPLOYED):
        raise NotImplementedError(f"its parameters {', '.join(sorted(unknown))}")
    definition = self.ecs_backend.describe_task_definition(asked.get("taskDefinition") or service.task_definition)
    if "loadBalancers" in asked:
        _check_load_balancers(self, asked["loadBalancers"], definition.arn)
    for name, attribute in UPDATABLE.items():
        if name in asked:
            setattr(service, attribute, asked[name])
    service.deployment_configuration = default_configuration(service.deployment_configuration)
    wanted = {"task_definition": definition.arn, **{REDEPLOYED[n]: asked[n] for n in REDEPLOYED if n in asked}}
    changed = any(getattr(service, name) != value for name, value in wanted.items())
    vars(service).update(wanted)
    if changed or asked.get("forceNewDeployment"):
        begin_deployment(service)
    service.deployments[0]["desiredCount"] = service.desired_count
    return ActionResult({"service": service})


def delete_service(self: Model) -> Model:
    """DeleteService: the service drains, and is INACTIVE, still describable, once its tasks have stopped."""
    asked = self._get_params()
    service = self.ecs_backend._get_service(asked.get("cluster", "default"), asked["service"].split("/")[-1])
    if service.status == "INACTIVE":
        raise ServiceNotFoundException
    if service.desired_count > 0 and not asked.get("force"):
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    service.status, service.desired_count = "DRAINING", 0
    return ActionResult({"service": service})


def list_services(self: Model) -> Model:
    """ListServices: INACTIVE ones are not listed."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    services = [service for service in self.ecs_backend.services.values() if service.cluster_name == cluster.name]
    return ActionResult({"serviceArns": sorted(service.arn for service in services if service.status != "INACTIVE")})


def list_tasks(self: Model) -> Model:
    """ListTasks: by service, desired status (RUNNING unless asked otherwise), in pages; newest first."""
    asked = self._get_params()
    cluster = self.ecs_backend._get_cluster(asked.get("cluster", "default"))
    tasks = list(reversed(self.ecs_backend.tasks.get(cluster.name, {}).values()))
    if name := asked.get("serviceName"):
        service = self.ecs_backend._get_service(cluster.name, name.split("/")[-1])
        tasks = [task for task in tasks if task.group == f"service:{service.name}"]
    if family := asked.get("family"):
        tasks = [task for task in tasks if task.task_definition_arn.split("/")[-1].split(":")[0] == family]
    arns = [task.task_arn for task in tasks if task.desired_status == asked.get("desiredStatus", "RUNNING")]
    first = int(asked.get("nextToken") or 0)
    last = first + int(asked.get("maxResults") or 100)
    return ActionResult({"taskArns": arns[first:last], "nextToken": str(last) if last < len(arns) else None})


def describe_tasks(self: Model) -> Model:
    """DescribeTasks: looking at a task does not move it on; an unknown one is a failure."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    known = {task.id: task for task in self.ecs_backend.tasks.get(cluster.name, {}).values()}
    asked = self._get_param("tasks", [])
    found = [known[name.split("/")[-1]] for name in asked if name.split("/")[-1] in known]
    missing = [{"arn": name, "reason": "MISSING"} for name in asked if name.split("/")[-1] not in known]
    return ActionResult({"tasks": found, "failures": missing})


def stop_task(self: Model) -> Model:
    """StopTask: the physics stops it, and its service starts another."""
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    tasks = self.ecs_backend.tasks.get(cluster.name, {}).values()
    task = next((task for task in tasks if task.id == self._get_param("task").split("/")[-1]), None)
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    task.stop_request = self._get_param("reason") or "Task stopped by user"
    return ActionResult({"task": task})


def _check_load_balancers(self: Model, asked: list[dict[str, Any]], task_definition: str) -> None:
    groups = elbv2_backends[self.current_account][self.region].target_groups
    definition = self.ecs_backend.describe_task_definition(task_definition)
    containers = {container["name"] for container in definition.container_definitions}
    for entry in asked:
        arn, container = entry["targetGroupArn"], entry["containerName"]
        if arn not in groups:
            raise InvalidParameterException(f"The target group with targetGroupArn {arn} does not exist.")
        if not groups[arn].load_balancer_arns:
            text = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            raise InvalidParameterException(text)
        if container not in containers:
            raise InvalidParameterException(f"The container {container} does not exist in the task definition.")


def _unsupported(name: str) -> Model:
    def action(_: object) -> None:
        raise NotImplementedError(f"only services run tasks, not {name}")

    return action


REPLACED = (
    register_task_definition,
    create_service,
    update_service,
    delete_service,
    list_services,
    list_tasks,
    describe_tasks,
    stop_task,
)


def install() -> None:
    """Replace the actions on moto's response class."""
    serialize(Response)
    replace(models, "random_private_ip", lambda: next(ADDRESSES))
    for action in REPLACED:
        replace(Response, action.__name__, action)
    for name in ("run_task", "start_task", "create_task_set", "update_task_set", "delete_task_set"):
        replace(Response, name, _unsupported(name))
