"""boto3 clients of the running sandbox."""

import functools
import threading
from typing import Any

import boto3
from botocore.config import Config
from moto.settings import moto_server_port

from sandbox.account import ADMIN_ACCESS_KEY, ADMIN_SECRET_KEY, home

_LONGEST_CALL_SECONDS = 960  # a synchronous invocation of a Lambda function
_MAKING = threading.Lock()  # a session makes one client at a time


def client(service: str, access_key: str = ADMIN_ACCESS_KEY, region: str = "", *, validate: bool = True) -> Any:
    """Return a boto3 client of the region, or else at home, as the holder of the access key; it never retries."""
    return _client(service, access_key, region or home(), validate, f"http://localhost:{moto_server_port()}")


@functools.cache
def _client(service: Any, access_key: str, region: str, validate: bool, endpoint: str) -> Any:  # noqa: FBT001  a cache key
    # An error of the sandbox must not hide behind retries.
    config = Config(
        retries={"total_max_attempts": 1},
        parameter_validation=validate,
        read_timeout=_LONGEST_CALL_SECONDS,
        max_pool_connections=100,
    )
    with _MAKING:
        return _session().client(
            service,
            region_name=region,
            endpoint_url=of_s3_control(endpoint) if service == "s3control" else endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=ADMIN_SECRET_KEY,
            config=config,
        )


def of_s3_control(endpoint: str) -> str:
    """Return the endpoint for S3's account settings.

    boto3 puts the account's id and a dot before every other one: what is no host name then becomes a user's, which
    nobody asks for.
    """
    return endpoint.replace("://", "://account@")


@functools.cache
def _session() -> boto3.session.Session:
    """Return the one session: it reads the model of each service, which may be megabytes, once."""
    return boto3.session.Session()


def forget() -> None:
    """Forget all clients: the next sandbox has another address."""
    _client.cache_clear()
