"""Target physics: what ECS registers, and health probes over real HTTP as each target group's settings say."""

import http.client
import time
from dataclasses import dataclass

from moto.elbv2 import elbv2_backends

from sandbox.account import ACCOUNT, home
from sandbox.lock import STATE
from sandbox.network import LEAST_SECONDS, Interface, Network
from sandbox.patches.elbv2 import Target, deregister, probe_port, register, targets_of
from sandbox.speed import sandbox_seconds
from sandbox.untyped import Model

HEALTHY = ("healthy", None, None)
CHECKING = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
NOT_IN_USE = ("unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
TIMEOUT = ("Target.Timeout", "Request timed out")
FAILED = ("Target.FailedHealthChecks", "Health checks failed")


def backend() -> Model:
    """Return the load balancers and target groups of the sandbox's account and region."""
    return elbv2_backends[ACCOUNT][home()]


def balancer_interface(load_balancer: Model) -> Interface:
    """Return the network interface from which a load balancer talks to targets."""
    return Interface("198.51.100.10", lambda: list(load_balancer.security_groups))


def matches(matcher: str, status: int) -> bool:
    """Tell whether an HTTP status is in a matcher, such as "200", "200,202" or "200-399"."""
    ranges = [part.split("-") for part in matcher.split(",")]
    return any(int(bounds[0]) <= status <= int(bounds[-1]) for bounds in ranges)


@dataclass
class Targets:
    """All target groups' targets; `tick` probes those that are due."""

    network: Network

    def register(self, target_group_arn: str, address: str, port: int) -> None:
        """Register one target, as ECS does for a task that runs."""
        with STATE:
            register(backend().target_groups[target_group_arn], [{"Id": address, "Port": port}])

    def deregister(self, target_group_arn: str, address: str, port: int) -> None:
        """Deregister one target if it is registered."""
        with STATE:
            group = backend().target_groups.get(target_group_arn)
            if group and (address, port) in targets_of(group):
                deregister(group, [{"Id": address, "Port": port}])

    def find(self, target_group_arn: str, address: str, port: int) -> Target | None:
        """Return a target's state."""
        group = backend().target_groups.get(target_group_arn)
        return targets_of(group).get((address, port)) if group else None

    def healthy(self, target_group_arn: str) -> list[Target]:
        """Return the targets that may get traffic."""
        with STATE:
            targets = targets_of(backend().target_groups[target_group_arn]).values()
            return [target for target in targets if target.health[0] == "healthy"]

    def tick(self) -> None:
        """Let drained targets go and probe every target that is due."""
        for group in list(backend().target_groups.values()):
            for target in self._due(group):
                self._probe(group, target)

    def _due(self, group: Model) -> list[Target]:
        now = time.monotonic()
        with STATE:
            targets = targets_of(group)
            for key in [key for key, target in targets.items() if target.gone_at is not None and target.gone_at < now]:
                del targets[key]
            return [target for target in targets.values() if target.gone_at is None and target.due <= now]

    def _probe(self, group: Model, target: Target) -> None:
        balancers = [backend().load_balancers[arn] for arn in group.load_balancer_arns]
        problem = self._problem(balancer_interface(balancers[0]), group, target) if balancers else None
        with STATE:
            target.due = time.monotonic() + sandbox_seconds(group.health_check_interval_seconds)
            if target.gone_at is None:
                _judge(group, target, problem) if balancers else _become(target, NOT_IN_USE)

    def _problem(self, source: Interface, group: Model, target: Target) -> tuple[str, str] | None:
        connection = http.client.HTTPConnection(target.address, target.port)
        seconds = sandbox_seconds(group.health_check_timeout_seconds)
        try:
            connection.sock = self.network.connect(source, target.address, probe_port(group, target.port), seconds)
            connection.sock.settimeout(max(seconds, LEAST_SECONDS))
            connection.request("GET", group.health_check_path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
            status = connection.getresponse().status
        except TimeoutError:
            return TIMEOUT
        except (OSError, http.client.HTTPException):
            return FAILED
        finally:
            connection.close()
        if matches(group.matcher["HttpCode"], status):
            return None
        return ("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


def _judge(group: Model, target: Target, problem: tuple[str, str] | None) -> None:
    target.passed, target.failed = (0, target.failed + 1) if problem else (target.passed + 1, 0)
    state = target.health[0]
    if problem and (state == "unhealthy" or target.failed >= int(group.unhealthy_threshold_count)):
        _become(target, ("unhealthy", *problem))
    elif not problem and (state == "initial" or target.passed >= int(group.healthy_threshold_count)):
        _become(target, HEALTHY)
    elif state in ("initial", "unused"):
        _become(target, CHECKING)


def _become(target: Target, health: tuple[str, str | None, str | None]) -> None:
    if target.health[0] != health[0]:
        target.since = time.monotonic()
    target.health = health
