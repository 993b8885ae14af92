"""What the tests of the platform need: requests, and waiting for what the sandbox does in the background."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sandbox.cloud import Sandbox

T = TypeVar("T")
SECONDS = 10.0


def until(found: Callable[[], T | None], seconds: float = SECONDS) -> T:
    """Return the first true value; fails the test where none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")


def get(url: str) -> bytes:
    """Return the body of a page."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def message(sandbox: Sandbox, queue: str) -> dict[str, Any]:
    """Take one message from a queue, with its attributes as plain strings under "attributes"."""
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    got = until(lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"))[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    attributes = {name: value["StringValue"] for name, value in got.get("MessageAttributes", {}).items()}
    return {"body": json.loads(got["Body"]), "attributes": attributes}


def finished(sandbox: Sandbox, execution: str) -> dict[str, Any]:
    """Wait for an execution's end and describe it."""
    states = sandbox.client("stepfunctions")

    def ended() -> dict[str, Any] | None:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        return None if described["status"] == "RUNNING" else described

    return until(ended)
