"""The sandbox: AWS on this machine, in this process, on 127.0.0.1."""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from sandbox import amplify, context, lambda_logs
from sandbox.account import ACCOUNT, ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY, REGION, home, settle
from sandbox.cdk import PROJECT, Cdk
from sandbox.clients import client, forget, of_s3_control
from sandbox.fault_answers import CallFaults
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.logged import everything_logged
from sandbox.mailbox import Mailbox
from sandbox.patches import install_all
from sandbox.systems import DEFAULT, System, make, region_of

if TYPE_CHECKING:
    from sandbox.world import World


class Sandbox:
    """A running sandbox, one at a time per process: `with Sandbox.start() as sandbox`."""

    def __init__(
        self, port: int = 0, mailbox_port: int = 0, unconfirmed: Iterable[str] = (), region: str = REGION
    ) -> None:
        """Start the APIs; port 0 takes a free one, unconfirmed are mail addresses that never confirmed."""
        self._stack = contextlib.ExitStack()
        self._context = context.Context(outside=lambda: self.environment, unconfirmed=set(unconfirmed))
        self._systems: dict[str, System] = {}
        context.activate(self._context)
        settle(region)
        self._stack.callback(settle)
        self._stack.callback(context.deactivate)
        self._stack.callback(forget)
        with _closed_on_error(self._stack):
            install_all()
            moto = _Dispatcher(create_backend_app)
            calls = CallFaults(self.faults, self._context.lambdas.running)
            own = {amplify.SERVICE: self._context.amplify.answer}
            self._gateway = Gateway(moto, self._context.access, self._context.trail, calls, own)
            self.endpoint = f"http://localhost:{self._serve(port)}"
            self._context.lambdas.on_line = lambda_logs.keep
            self._context.mailbox.serve(mailbox_port)
            self._stack.callback(self._context.close)
            self._cdk = Cdk(self.environment)

    @classmethod
    def start(
        cls, port: int = 0, mailbox_port: int = 0, unconfirmed: Iterable[str] = (), service: str = DEFAULT
    ) -> Self:
        """Start the APIs, in a service's region, with its simulated system in them, running and healthy."""
        sandbox = cls(port, mailbox_port, unconfirmed, region_of(service))
        with _closed_on_error(sandbox._stack):
            sandbox.add(service)
        return sandbox

    def add(self, service: str) -> System:
        """Start the simulated system of a service beside what runs, and return it; raises ValueError for others."""
        system = make(service, self)
        if region_of(service) != home():
            raise ValueError(f"{service} is in {region_of(service)}, this sandbox in {home()}: start one for it alone")
        self._stack.callback(system.stop)
        self._systems[service] = system
        system.build()
        system.start()
        return system

    def system(self, service: str) -> System:
        """Return the running system of a service; raises LookupError where it was not started."""
        if service not in self._systems:
            raise LookupError(f"This sandbox has no system of {service}: start it with Sandbox.start() or add()")
        return self._systems[service]

    def __enter__(self) -> Self:
        """Use it as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def world(self) -> "World":
        """The simulated system of ganopa-bot; raises LookupError where it was not started."""
        return cast("World", self.system(DEFAULT))

    @property
    def mailbox(self) -> Mailbox:
        """What SNS sent by e-mail."""
        return self._context.mailbox

    @property
    def unconfirmed(self) -> set[str]:
        """The mail addresses whose owners have not confirmed their subscriptions."""
        return self._context.unconfirmed

    @property
    def calls(self) -> Mapping[str, set[str]]:
        """The IAM actions that each function has needed so far, by function name."""
        return self._context.access.calls

    @property
    def denied(self) -> list[str]:
        """What roles were refused, in AWS's words."""
        return self._context.access.denied

    @property
    def unsimulated(self) -> list[str]:
        """The API calls that the sandbox had no answer for; a test asserts that there are none."""
        return self._gateway.unsimulated

    @property
    def failures(self) -> list[str]:
        """What failed where nobody waited for it: deliveries without a dead-letter queue, gaps of the sandbox."""
        return self._context.background.failures

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose: `with sandbox.faults.inject(Fault(…)) as happened`."""
        return self._context.faults

    @property
    def latency(self) -> float:
        """Seconds that every API call takes longer; the functions' runtime is not slowed."""
        return self._gateway.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._gateway.latency = seconds

    @property
    def environment(self) -> dict[str, str]:
        """What a shell must export so that any AWS tool, and curl, talks to the sandbox."""
        own = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3_CONTROL": of_s3_control(self.endpoint),
            "AWS_REGION": home(),
            "AWS_DEFAULT_REGION": home(),
            "AWS_ACCESS_KEY_ID": ADMIN_ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ADMIN_SECRET_KEY,
            "NO_PROXY": "localhost,127.0.0.1",
        }
        return own | {name: value for one in self._systems.values() for name, value in one.environment.items()}

    @property
    def session(self) -> boto3.session.Session:
        """A boto3 session with an administrator's credentials; give its clients `endpoint_url=sandbox.endpoint`."""
        return boto3.session.Session(ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY, region_name=home())

    def client(self, service: str) -> Any:
        """Return a boto3 client with an administrator's permissions."""
        return client(service)

    def deploy(self, *stacks: str, directory: Path = PROJECT) -> str:
        """Deploy with the real CDK CLI; return its output, raises DeploymentFailed with it."""
        return self._cdk.deploy(stacks, directory)

    def logs(self, function_name: str) -> list[str]:
        """Return what a Lambda function printed."""
        return self._context.lambdas.logs(function_name)

    def everything_logged(self) -> str:
        """Return all that was logged, or kept as metric or audit event, for a test that something is not in it."""
        return everything_logged(self._context)

    @property
    def idle(self) -> bool:
        """Tell whether no event and no asynchronous invocation is on its way."""
        return self._context.background.idle

    def cold(self) -> None:
        """End all warm Lambda processes, so that the next call of every function is a cold start."""
        self._context.lambdas.cold()

    def close(self) -> None:
        """Stop everything, child processes too."""
        self._gateway.closing = True
        self._stack.close()

    def _serve(self, port: int) -> int:
        server = make_server("127.0.0.1", port, self._gateway, threaded=True, request_handler=_Handler)
        variables = {"MOTO_PORT": str(server.server_port), "MOTO_ACCOUNT_ID": ACCOUNT, "AWS_DEFAULT_REGION": home()}
        self._stack.enter_context(_environment(variables))
        moto_api_backend.reset()
        thread = threading.Thread(target=server.serve_forever, name="aws", daemon=True)
        thread.start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return server.server_port


class _Dispatcher(DomainDispatcherApplication):
    """Finds the service that a host name stands for; moto looks through all of its folders for each request."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._find = functools.cache(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return the service's name, from the second time on at once."""
        return self._find(host)


class _Handler(MotoRequestHandler):
    disable_nagle_algorithm = True

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:  # noqa: ARG002  its signature
        """Close the connection for good, also where it was this side that dropped it."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing for a request."""


@contextlib.contextmanager
def _closed_on_error(stack: contextlib.ExitStack) -> Iterator[None]:
    try:
        yield
    except BaseException:
        stack.close()
        raise


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
