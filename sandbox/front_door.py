"""The Application Load Balancer: TLS, listener rules, forwarding to healthy targets, its own 5xx, its metrics."""

import http.client
import itertools

from sandbox.listener_rules import HTTPS, action_for, redirect, target_group
from sandbox.listener_tls import ListenerTls
from sandbox.metrics import Metrics
from sandbox.network import LEAST_SECONDS, Interface, Network
from sandbox.server import QuietHandler, TlsServer
from sandbox.speed import sandbox_seconds
from sandbox.targets import Targets, backend, balancer_interface
from sandbox.untyped import Model

ADDRESS = "198.51.100.10"
CONNECT_SECONDS = sandbox_seconds(10)
IDLE_SECONDS = max(sandbox_seconds(60), LEAST_SECONDS)
ERRORS = "HTTPCode_ELB_5XX_Count"
REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


class FrontDoor(TlsServer):
    """Serves one load balancer's HTTPS listener, found by the load balancer's ARN."""

    def __init__(self, arn: str, network: Network, targets: Targets, metrics: Metrics) -> None:
        self.network, self.targets, self.metrics = network, targets, metrics
        self.load_balancer = backend().load_balancers[arn]
        self.label = arn.split(":loadbalancer/")[1]
        self._turn = itertools.count()
        super().__init__("load-balancer", FrontDoorHandler, ListenerTls(self.listener).wrap)
        network.attach(Interface(ADDRESS, lambda: list(self.load_balancer.security_groups)))
        network.listen(ADDRESS, HTTPS, self.port)

    def listener(self) -> Model:
        """Return the HTTPS listener."""
        return next(listener for listener in self.load_balancer.listeners.values() if int(listener.port) == HTTPS)

    def turn(self) -> int:
        """Count the requests."""
        return next(self._turn)

    def target(self, target_group_arn: str) -> tuple[str, int] | None:
        """Return where the next request goes, healthy targets in turn; None where there is no healthy one."""
        healthy = self.targets.healthy(target_group_arn)
        chosen = healthy[self.turn() % len(healthy)] if healthy else None
        return (chosen.address, chosen.port) if chosen else None

    def sample(self) -> None:
        """Record how many targets are healthy, for each target group that has any, as AWS does every minute."""
        for group in list(backend().target_groups.values()):
            states = [status.status for status in backend().describe_target_health(group.arn, [])]
            if self.load_balancer.arn in group.load_balancer_arns and states:
                label = group.arn.split(":")[-1]
                for name, state in (("HealthyHostCount", "healthy"), ("UnHealthyHostCount", "unhealthy")):
                    self.metrics.record(name, states.count(state), LoadBalancer=self.label, TargetGroup=label)


class FrontDoorHandler(QuietHandler):
    """One request through the load balancer."""

    server: FrontDoor

    def version_string(self) -> str:
        """Name the server as AWS's load balancer does."""
        return "awselb/2.0"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host = self.headers.get("Host", "").split(":")[0]
        action = action_for(self.server.listener(), host, self.path.split("?")[0])
        self._count("RequestCount")
        if action["Type"] == "fixed-response":
            fixed = action["FixedResponseConfig"]
            content_type = fixed.get("ContentType", "text/plain")
            self.answer(int(fixed["StatusCode"]), content_type, fixed.get("MessageBody", "").encode())
        elif action["Type"] == "forward":
            self._forward(target_group(action, self.server.turn()), body)
        elif action["Type"] == "redirect":
            status, location = redirect(action, host, self.path)
            self.answer(status, "text/html", b"", Location=location)
        else:
            raise NotImplementedError(f"The sandbox's load balancer does not simulate the action {action['Type']}")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _serve

    def _forward(self, target_group_arn: str, body: bytes) -> None:
        target = self.server.target(target_group_arn)
        if target is None:
            self._fail(503)
            return
        connection = http.client.HTTPConnection(*target)
        try:
            source = balancer_interface(self.server.load_balancer)
            connection.sock = self.server.network.connect(source, *target, CONNECT_SECONDS)
            connection.sock.settimeout(IDLE_SECONDS)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            self._fail(504)
        except (OSError, http.client.HTTPException):
            self._fail(502)
        else:
            self._count(f"HTTPCode_Target_{response.status // 100}XX_Count")
            self.answer(response.status, response.headers.get("Content-Type", "text/plain"), content)
        finally:
            connection.close()

    def _fail(self, status: int) -> None:
        self._count(ERRORS)
        self._count(f"HTTPCode_ELB_{status}_Count")
        self.answer(status, "text/html", PAGE.format(f"{status} {REASONS[status]}").encode())

    def _count(self, name: str) -> None:
        self.server.metrics.record(name, 1, LoadBalancer=self.server.label)
