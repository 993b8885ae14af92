"""AWS's reading APIs about a service of any size, with the bounds that AWS sets: pages, items a call, bytes a page.

Source: the API references of ECS, ECR, CloudWatch Logs, Elastic Load Balancing and EC2.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

PAGE, DESCRIBED, EVENTS_KEPT = 100, 100, 100
IMAGES_PAGE, MOST_IMAGES_PAGE = 100, 1000
ROUTES_PAGE = 100
LINES_PAGE, BYTES_PAGE = 10_000, 1_000_000

ACCOUNT, REGION = "123456789012", "me-central-1"
CLUSTER, SERVICE, REPOSITORY, LOG_GROUP = "cluster", "bot", "bot", "/ecs/bot"
HOME = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}"
ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
LOAD_BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/bot/50dc6c495c0c9188"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/bot/50dc6c495c0c9188"
DEPLOYMENT = "ecs-svc/1"
EXITED = "Essential container in task exited"
MINUTES = 30  # since the deployment

Json = dict[str, Any]


class Size(NamedTuple):
    """How much there is of everything that a check may read."""

    targets: int = 2
    tasks: int = 2
    lines: int = 100
    images: int = 10
    rules: int = 2
    events: int = 2
    ports: int = 1
    routes: int = 2


class Refused(Exception):
    """AWS would refuse this call."""


class Crowd:
    """A service of some size: `answer("ListTasks", {…})` gives what AWS would; `calls` are those made so far."""

    def __init__(
        self, size: Size, task: Callable[[int], Json] | None = None, line: Callable[[int], str] | None = None
    ) -> None:
        """Make a service; `task` gives what is special about a stopped task, `line` the text of a log line."""
        self.size, self.task, self.line = size, task or (lambda _: {}), line or access
        self.calls: list[tuple[str, Json]] = []
        self.now = datetime.now(UTC)
        self.deployed = self.now - timedelta(minutes=MINUTES)
        self.lines: Sequence[Json] = []

    def answer(self, operation: str, asked: Json) -> Json:
        """Answer a call.

        Raises:
            Refused: where AWS would.
        """
        self.calls.append((operation, asked))
        answer: Json = getattr(self, f"_{operation}")(asked)
        return answer

    def _DescribeServices(self, _asked: Json) -> Json:  # noqa: N802  named as AWS names it, as all that follow
        deployment = {
            "id": DEPLOYMENT,
            "status": "PRIMARY",
            "rolloutState": "IN_PROGRESS",
            "createdAt": self.deployed,
            "failedTasks": self.size.tasks,
        }
        events = [
            {
                "id": f"{n}",
                "createdAt": self.now,
                "message": f"(service {SERVICE}) has started 1 tasks: (task {n:032x}).",
            }
            for n in range(min(self.size.events, EVENTS_KEPT))
        ]
        service = {
            "serviceArn": f"{ECS}:service/{CLUSTER}/{SERVICE}",
            "serviceName": SERVICE,
            "status": "ACTIVE",
            "taskDefinition": f"{ECS}:task-definition/bot:1",
            "desiredCount": self.size.targets,
            "runningCount": 0,
            "pendingCount": 0,
            "loadBalancers": [{"targetGroupArn": TARGET_GROUP, "containerName": "bot", "containerPort": 8000}],
            "deployments": [deployment],
            "events": events,
        }
        return {"services": [service], "failures": []}

    def _DescribeTaskDefinition(self, _asked: Json) -> Json:  # noqa: N802
        ports = [{"containerPort": 8000 + n} for n in range(self.size.ports)]
        container = {"name": "bot", "image": f"{HOME}:v1", "portMappings": ports}
        return {"taskDefinition": {"containerDefinitions": [container]}}

    def _ListTasks(self, asked: Json) -> Json:  # noqa: N802
        most = asked.get("maxResults", PAGE)
        _within("maxResults", most, PAGE)
        arns = [f"{ECS}:task/{CLUSTER}/{n:032x}" for n in range(self.size.tasks)]
        return _page("taskArns", arns, most, asked)

    def _DescribeTasks(self, asked: Json) -> Json:  # noqa: N802
        _within("tasks", len(asked["tasks"]), DESCRIBED)
        return {"tasks": [self._stopped(int(arn.rpartition("/")[2], 16)) for arn in asked["tasks"]], "failures": []}

    def _stopped(self, n: int) -> Json:
        task = f"{ECS}:task/{CLUSTER}/{n:032x}"
        interface = {"subnetId": "subnet-0a1b0000000000001", "privateIPv4Address": "10.0.0.1", "macAddress": "0a:1b"}
        details = [{"name": name, "value": value} for name, value in interface.items()]
        return {
            "taskArn": task,
            "clusterArn": f"{ECS}:cluster/{CLUSTER}",
            "taskDefinitionArn": f"{ECS}:task-definition/bot:1",
            "createdAt": self.now - timedelta(seconds=n % 1800),
            "lastStatus": "STOPPED",
            "desiredStatus": "STOPPED",
            "startedBy": DEPLOYMENT,
            "stopCode": "EssentialContainerExited",
            "stoppedReason": EXITED,
            "attachments": [{"id": f"{n}", "type": "ElasticNetworkInterface", "status": "DELETED", "details": details}],
            "containers": [{"containerArn": f"{task}/1", "name": "bot", "image": f"{HOME}:v1", "exitCode": 1}],
        } | self.task(n)

    def _DescribeImages(self, asked: Json) -> Json:  # noqa: N802
        if "imageIds" in asked:
            return {"imageDetails": [_image(0) for _ in asked["imageIds"]]}
        most = asked.get("maxResults", IMAGES_PAGE)
        _within("maxResults", most, MOST_IMAGES_PAGE)
        return _page("imageDetails", [_image(n) for n in range(self.size.images)], most, asked)

    def _FilterLogEvents(self, asked: Json) -> Json:  # noqa: N802
        self.lines = self.lines or [self._logged(n) for n in range(self.size.lines)]
        lines = self.lines if asked.get("startFromHead", True) else self.lines[::-1]
        start, most = int(asked.get("nextToken", 0)), min(asked.get("limit", LINES_PAGE), LINES_PAGE)
        sizes = itertools.accumulate(len(line["message"]) for line in lines[start : start + most])
        fitting = max(1, sum(size <= BYTES_PAGE for size in sizes))
        return _page("events", lines, fitting, asked)

    def _logged(self, n: int) -> Json:
        moment = self.deployed + timedelta(minutes=MINUTES) * (n / self.size.lines)
        stream = f"bot/bot/{n % 10}"
        return {"logStreamName": stream, "timestamp": int(moment.timestamp() * 1000), "message": self.line(n)}

    def _DescribeTargetHealth(self, _asked: Json) -> Json:  # noqa: N802
        health = {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
        targets = [{"Id": f"10.0.{n // 250}.{n % 250 + 1}", "Port": 8000} for n in range(self.size.targets)]
        each = [{"Target": one, "HealthCheckPort": "8000", "TargetHealth": health} for one in targets]
        return {"TargetHealthDescriptions": each}

    def _DescribeTargetGroups(self, _asked: Json) -> Json:  # noqa: N802
        asks = {"HealthCheckPath": "/", "HealthCheckPort": "traffic-port", "Matcher": {"HttpCode": "200"}}
        return {"TargetGroups": [{"TargetGroupArn": TARGET_GROUP, **asks}]}

    def _DescribeListeners(self, _asked: Json) -> Json:  # noqa: N802
        return {"Listeners": [{"ListenerArn": f"{LOAD_BALANCER}/1", "Port": 443}]}

    def _DescribeRules(self, asked: Json) -> Json:  # noqa: N802
        forward = [{"Type": "forward", "TargetGroupArn": TARGET_GROUP}]
        paths = [[{"Field": "path-pattern", "Values": [f"/{n}"]}] for n in range(self.size.routes)]
        conditions = [*enumerate(paths, start=1), ("default", [])]
        rules = [
            {"RuleArn": f"{n}", "Priority": f"{n}", "IsDefault": not asks, "Conditions": asks, "Actions": forward}
            for n, asks in conditions
        ]
        page = _page("Rules", rules, ROUTES_PAGE, {"nextToken": asked.get("Marker", 0)})
        return page | {"NextMarker": page.get("nextToken")}

    def _DescribeSecurityGroups(self, _asked: Json) -> Json:  # noqa: N802
        ranges = [{"CidrIp": f"192.0.{n // 250}.{n % 250}/32"} for n in range(self.size.rules)]
        rule = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": ranges}
        return {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [rule]}]}


def access(n: int) -> str:
    """Write a line of an access log; one in a thousand is an error."""
    level = "ERROR" if n % 1000 == 0 else "INFO"
    request = f'"POST /telegram/webhook HTTP/1.1" 200 OK request={n:032x} ms={n % 997}'
    return f"{level}:     10.0.0.{n % 250} - {request} {'x' * 40}"


def _image(n: int) -> Json:
    return {"registryId": ACCOUNT, "repositoryName": REPOSITORY, "imageTags": [f"v{n}"], "imageSizeInBytes": 1}


def _within(what: str, count: int, most: int) -> None:
    if count > most:
        raise Refused(f"{what}: {count} is more than {most}")


def _page(name: str, items: Sequence[Any], most: int, asked: Json) -> Json:
    start = int(asked.get("nextToken", 0))
    rest = {"nextToken": str(start + most)} if start + most < len(items) else {}
    return {name: items[start : start + most], **rest}
