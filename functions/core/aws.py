"""AWS clients as every function wants them: made once, patient with throttling, never waiting for long."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    Session = boto3.Session
else:

    class Session(boto3.Session):
        """A boto3 session that keeps its clients from one invocation to the next."""

        def __init__(self) -> None:
            super().__init__()
            self._clients: dict[tuple[str, str | None], Any] = {}

        def client(self, service_name: str, region_name: str | None = None) -> Any:
            """Return the client of a service, for example "ecs", in the function's own region or another one."""
            if (service_name, region_name) not in self._clients:
                made = super().client(service_name, region_name=region_name, config=PATIENT)
                self._clients[service_name, region_name] = made
            return self._clients[service_name, region_name]


PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=3, read_timeout=10)
