"""AWS's reading APIs about a service of any size, with the bounds that AWS sets: pages, items a call, bytes a page.

Source: the API references of Elastic Load Balancing and EC2; those of the other services stand with their parts.
"""

from collections.abc import Callable

from bench.crowd_certificates import Certificates
from bench.crowd_images import Images
from bench.crowd_logs import Logs, access
from bench.crowd_tasks import Tasks
from bench.crowd_terms import LOAD_BALANCER, TARGET_GROUP, Json, Size, marked
from bench.crowd_zone import Zone

ROUTES_PAGE = 100


class Crowd(Tasks, Images, Logs, Certificates, Zone):
    """A service of some size: `answer("ListTasks", {…})` gives what AWS would; `calls` are those made so far."""

    def __init__(
        self, size: Size, task: Callable[[int], Json] | None = None, line: Callable[[int], str] | None = None
    ) -> None:
        """Make a service; `task` gives what is special about a task, `line` the text of a log line."""
        super().__init__(size)
        self.task, self.line = task or (lambda _: {}), line or access
        self.calls: list[tuple[str, Json]] = []

    def answer(self, operation: str, asked: Json) -> Json:
        """Answer a call.

        Raises:
            Refused: where AWS would.
        """
        self.calls.append((operation, asked))
        answer: Json = getattr(self, f"_{operation}")(asked)
        return answer

    def _DescribeTargetHealth(self, _asked: Json) -> Json:  # noqa: N802  named as AWS names it, as all that follow
        health = {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
        targets = [{"Id": f"10.0.{n // 250}.{n % 250 + 1}", "Port": 8000} for n in range(self.size.targets)]
        each = [{"Target": one, "HealthCheckPort": "8000", "TargetHealth": health} for one in targets]
        return {"TargetHealthDescriptions": each}

    def _DescribeTargetGroups(self, _asked: Json) -> Json:  # noqa: N802
        asks = {"HealthCheckPath": "/", "HealthCheckPort": "traffic-port", "Matcher": {"HttpCode": "200"}}
        return {"TargetGroups": [{"TargetGroupArn": TARGET_GROUP, **asks}]}

    def _DescribeListeners(self, _asked: Json) -> Json:  # noqa: N802
        default = [{"CertificateArn": self.attached[0]}]
        return {"Listeners": [{"ListenerArn": f"{LOAD_BALANCER}/1", "Port": 443, "Certificates": default}]}

    def _DescribeRules(self, asked: Json) -> Json:  # noqa: N802
        forward = [{"Type": "forward", "TargetGroupArn": TARGET_GROUP}]
        paths = [[{"Field": "path-pattern", "Values": [f"/{n}"]}] for n in range(self.size.routes)]
        conditions = [*enumerate(paths, start=1), ("default", [])]
        rules = [
            {"RuleArn": f"{n}", "Priority": f"{n}", "IsDefault": not asks, "Conditions": asks, "Actions": forward}
            for n, asks in conditions
        ]
        return marked("Rules", rules, ROUTES_PAGE, asked)

    def _DescribeSecurityGroups(self, _asked: Json) -> Json:  # noqa: N802
        ranges = [{"CidrIp": f"192.0.{n // 250}.{n % 250}/32"} for n in range(self.size.rules)]
        rule = {"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": ranges}
        return {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [rule]}]}
