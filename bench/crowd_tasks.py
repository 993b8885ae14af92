"""ECS about a crowd.

Source: the API references of DescribeServices, DescribeTaskDefinition, ListTasks and DescribeTasks.
"""

from collections.abc import Callable
from datetime import timedelta

from bench.crowd_images import HOME, digest
from bench.crowd_terms import ACCOUNT, CLUSTER, MINUTES, REGION, SERVICE, TARGET_GROUP, Json, Service, page, within

PAGE, DESCRIBED, EVENTS_KEPT = 100, 100, 100
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
REVISION = f"{ECS}:task-definition/bot:1"
DEPLOYMENT = "ecs-svc/1"
EXITED = "Essential container in task exited"
RUNNING = 1 << 124  # what the numbers of running tasks begin with


class Tasks(Service):
    """A service of ECS, and its tasks; `task` gives what is special about one."""

    task: Callable[[int], Json]

    def _DescribeServices(self, _asked: Json) -> Json:  # noqa: N802  named as AWS names it, as all that follow
        deployment = {
            "id": DEPLOYMENT,
            "status": "PRIMARY",
            "rolloutState": "IN_PROGRESS",
            "createdAt": self.deployed,
            "taskDefinition": REVISION,
            "failedTasks": self.size.tasks,
        }
        events = [
            {
                "id": f"{n}",
                "createdAt": self.now - timedelta(minutes=MINUTES) * (n / self.size.events),
                "message": f"(service {SERVICE}) has started 1 tasks: (task {n:032x}).",
            }
            for n in range(min(self.size.events, EVENTS_KEPT))
        ]
        service = {
            "serviceArn": f"{ECS}:service/{CLUSTER}/{SERVICE}",
            "serviceName": SERVICE,
            "status": "ACTIVE",
            "taskDefinition": REVISION,
            "desiredCount": self.size.targets,
            "runningCount": self.size.running,
            "pendingCount": 0,
            "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "bot", "containerPort": 8000}],
            "deployments": [deployment],
            "events": events,
        }
        return {"services": [service], "failures": []}

    def _DescribeTaskDefinition(self, _asked: Json) -> Json:  # noqa: N802
        container = {
            "name": "bot",
            "image": f"{HOME}:v1",
            "portMappings": [{"containerPort": 8000 + n} for n in range(self.size.ports)],
            "environment": [{"name": f"VARIABLE_{n}", "value": f"{n}"} for n in range(self.size.variables)],
        }
        named = {"taskDefinitionArn": REVISION, "family": "bot", "revision": 1, "registeredAt": self.deployed}
        return {"taskDefinition": named | {"containerDefinitions": [container]}}

    def _ListTasks(self, asked: Json) -> Json:  # noqa: N802
        most = asked.get("maxResults", PAGE)
        within("maxResults", most, PAGE)
        stopped = asked.get("desiredStatus", "RUNNING") == "STOPPED"
        numbers = range(self.size.tasks) if stopped else range(RUNNING, RUNNING + self.size.running)
        return page("taskArns", [_arn(n) for n in numbers], most, asked)

    def _DescribeTasks(self, asked: Json) -> Json:  # noqa: N802
        within("tasks", len(asked["tasks"]), DESCRIBED)
        numbers = [int(arn.rpartition("/")[2], 16) for arn in asked["tasks"]]
        return {"tasks": [self._running(n) if n >= RUNNING else self._stopped(n) for n in numbers], "failures": []}

    def _running(self, n: int) -> Json:
        container = self._container(n) | {"imageDigest": digest(1)}
        status = {"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "containers": [container]}
        return self._started(n) | status | self.task(n - RUNNING)

    def _stopped(self, n: int) -> Json:
        container = self._container(n) | {"exitCode": 1}
        status = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "containers": [container]}
        why = {"stopCode": "EssentialContainerExited", "stoppedReason": EXITED}
        return self._started(n) | status | why | self.task(n)

    def _container(self, n: int) -> Json:
        return {"containerArn": f"{_arn(n)}/1", "name": "bot", "image": f"{HOME}:v1"}

    def _started(self, n: int) -> Json:
        interface = {"subnetId": "subnet-0a1b0000000000001", "privateIPv4Address": "10.0.0.1", "macAddress": "0a:1b"}
        details = [{"name": name, "value": value} for name, value in interface.items()]
        return {
            "taskArn": _arn(n),
            "clusterArn": f"{ECS}:cluster/{CLUSTER}",
            "taskDefinitionArn": REVISION,
            "createdAt": self.now - timedelta(seconds=n % 1800),
            "startedBy": DEPLOYMENT,
            "attachments": [{"id": f"{n}", "type": "ElasticNetworkInterface", "status": "DELETED", "details": details}],
        }


def _arn(n: int) -> str:
    return f"{ECS}:task/{CLUSTER}/{n:032x}"
