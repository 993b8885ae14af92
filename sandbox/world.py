"""The simulated world: ganopa's system, running, with what goes wrong in it."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from sandbox import images, incidents
from sandbox.account import ACCOUNT, home
from sandbox.agent_gateway import AgentGateway
from sandbox.bot import PREFIX
from sandbox.certificates import Certificates
from sandbox.declared import Builder
from sandbox.ecs import Scheduler
from sandbox.front_door import ADDRESS, ERRORS, FrontDoor
from sandbox.healing import restore
from sandbox.metrics import Alarms, Metrics
from sandbox.network import Network
from sandbox.outside import Outside
from sandbox.server import Server
from sandbox.systems import Clients
from sandbox.targets import Targets, backend
from sandbox.ticker import Ticker
from sandbox.traffic import SECONDS, Telegram

HEALING_SECONDS = 20.0
LEAST_DAYS = 45  # before a certificate ends, when ACM begins to warn


class World:
    """One system under care, over real sockets: `build` it, `start` its physics, `break_` it, `heal` it."""

    def __init__(self, sandbox: Clients) -> None:
        self.aws = sandbox.client
        self.builder = Builder(self.aws)
        self.names = self.builder.names
        self.host = self.names.host
        self.network = Network()
        self.metrics = Metrics()
        self.targets = Targets(self.network)
        self.scheduler = Scheduler(self.network, self.targets)
        self.alarms = Alarms(self.metrics, self.aws("cloudwatch"))
        self.certificates = Certificates()
        self.declared_certificate = self.certificates.issue(self.host)
        self.outside = Outside(self.network, self.certificates.authority, self._resolve)
        self.client = self.outside.client
        self.telegram = Telegram(self.client, self.names.webhook_url)
        self.first_revision = f"arn:aws:ecs:{home()}:{ACCOUNT}:task-definition/{self.names.task_definition}:1"
        self._persistent: list[incidents.Incident[World]] = []
        self._incidents = threading.RLock()
        self._servers: list[Server] = []
        self._tickers: list[Ticker] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which tools reach the system by its host name."""
        return self.outside.environment

    def build(self) -> None:
        """Make the declared system through AWS's API."""
        self.builder.build(self.declared_certificate)
        self.builder.create_service()

    def start(self) -> None:
        """Start the physics, the load balancer, the proxy and the users; wait until all is well."""
        front_door = FrontDoor(self.names.load_balancer, self.network, self.targets, self.metrics)
        self._servers = [AgentGateway(self.network), front_door]
        for server in self._servers:
            server.start()
        self.outside.start()
        work: list[tuple[str, float, Callable[[], None]]] = [
            ("ecs", 0.05, self.scheduler.tick),
            ("ecs-events", 0.05, self.scheduler.deliver),
            ("targets", 0.05, self.targets.tick),
            ("metrics", 0.2, front_door.sample),
            ("certificates", 0.2, self.certificates.tick),
            ("alarms", 0.1, self.alarms.tick),
            ("telegram", SECONDS, self.telegram.tick),
            ("incidents", 0.05, self._reapply),
        ]
        self._tickers = [Ticker(*arguments) for arguments in work]
        for ticker in self._tickers:
            ticker.start()
        self.wait_until(self._quiet, HEALING_SECONDS)

    def stop(self) -> None:
        """Stop everything; raises RuntimeError where the physics had failed."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.outside.stop)
            stack.callback(self.scheduler.purge)
            for server in self._servers:
                stack.callback(server.stop)
            for ticker in self._tickers:
                stack.callback(ticker.stop)

    def break_(self, names: str, *, persistent: bool = False) -> None:
        """Inject incidents, several as "a+b"; a persistent one comes back as fast as it is fixed."""
        for name in names.split("+"):
            incident = incidents.find(name)
            with self._incidents:
                incident.break_(self)
                self._persistent += [incident] * persistent

    def heal(self) -> None:
        """Rebuild the declared state, without history: no stopped task, no log, no alarm left; wait until healthy."""
        with self.alarms.paused():
            with self._incidents:
                self._persistent.clear()
                restore(self)
            self.metrics.clear()
            self.wait_until(self._well, HEALING_SECONDS)
            self.metrics.forget(ERRORS)
        self.wait_until(self._quiet, HEALING_SECONDS)

    def healthy(self) -> bool:
        """Tell whether all is well: the service steady, its newest image deployed, its users answered, TLS in order."""
        try:
            status, _ = self.client.request("GET", self.names.health_url)
            return status == HTTPStatus.OK and self._steady() and self._answers() and self._newest()
        except OSError:
            return False

    def wait_until(self, predicate: Callable[[], object], seconds: float) -> None:
        """Wait until the predicate holds; raises TimeoutError with what the world looks like."""
        deadline = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() > deadline:
                raise TimeoutError(f"Not within {seconds} s. The world: {self.describe()}")
            time.sleep(0.05)

    def describe(self) -> str:
        """Return the state of the service and its targets in one line."""
        services = self.aws("ecs").describe_services(cluster=self.names.cluster, services=[self.names.ecs_service])
        health = self.aws("elbv2").describe_target_health(TargetGroupArn=self.names.target_group)
        found = services["services"][0]
        shown = {name: found[name] for name in ("status", "desiredCount", "runningCount", "loadBalancers")}
        shown["rollout"] = [deployment["rolloutState"] for deployment in found["deployments"]]
        shown["targets"] = [target["TargetHealth"] for target in health["TargetHealthDescriptions"]]
        shown["events"] = [event["message"] for event in found["events"][:3]]
        return f"{shown} webhook={self.telegram.status} alarms={self.alarms.ringing()}"

    def _resolve(self, host: str) -> str | None:
        dns_name = getattr(backend().load_balancers.get(self.names.load_balancer), "dns_name", "")
        return ADDRESS if host in (self.host, dns_name) else None

    def _well(self) -> bool:
        self.telegram.tick()
        return self.telegram.status == HTTPStatus.OK and self.healthy()

    def _quiet(self) -> bool:
        return self._well() and not self.alarms.ringing()

    def _reapply(self) -> None:
        with self._incidents:
            for incident in self._persistent:
                (incident.again or incident.break_)(self)

    def _steady(self) -> bool:
        services = self.aws("ecs").describe_services(cluster=self.names.cluster, services=[self.names.ecs_service])
        service = services["services"][0]
        steady = service["runningCount"] == service["desiredCount"] == self.names.desired_count
        return bool(steady and service["deployments"][0]["rolloutState"] == "COMPLETED")

    def _answers(self) -> bool:
        lasting = self.client.days_left(self.host) > LEAST_DAYS
        return lasting and self.telegram.chat()[1].startswith(PREFIX)

    def _newest(self) -> bool:
        status, meta = self.client.request("GET", self.names.meta_url)
        version = json.loads(meta)["version"] if status == HTTPStatus.OK else None
        return version == images.newest(self.names.repository).commit
