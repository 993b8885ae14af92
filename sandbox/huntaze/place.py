"""The regions of Huntaze's account, and the names and values that its resources share."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.account import ACCOUNT
from sandbox.clients import client
from sandbox.untyped import Client
from statemachines import load

SANDBOX_SECRET = "Zq7xVt3LmR9wKc2NpY5uHb8sJd4fGe6a"  # noqa: S105  planted where nobody may read, to be looked for everywhere
DOMAIN = "huntaze.com"


@dataclass(frozen=True)
class Place:
    """A region, what serves there and at which path it tells how it is, and what only works in the background."""

    region: str
    name: str
    host: str
    health_path: str
    workers: tuple[str, ...] = ()

    @property
    def zones(self) -> tuple[str, str]:
        """The availability zones that are used."""
        return f"{self.region}a", f"{self.region}b"

    @property
    def services(self) -> tuple[str, ...]:
        """What runs on ECS."""
        return self.name, *self.workers

    def aws(self, service: str) -> Client:
        """Return a boto3 client in the region."""
        return client(service, region=self.region)

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in the region."""
        return f"arn:aws:{service}:{self.region}:{ACCOUNT}:{resource}"


APP = Place("us-east-1", "huntaze-app", f"api.{DOMAIN}", "/api/health", ("huntaze-video-processor",))
ROUTER = Place("us-east-2", "huntaze-ai-router", f"router.{DOMAIN}", "/health")
PLACES = (APP, ROUTER)


@functools.cache
def named() -> Mapping[str, Any]:
    """Return the resources that the service's file names."""
    return load.services()["huntaze"].resources


def role(name: str) -> str:
    """Return a role's ARN."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"
