"""DynamoDB: one request after the other; moto checks a condition and writes in two steps, between which others slip in.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html: conditional writes are atomic.
"""

import threading
from typing import Any

from moto.dynamodb.responses import DynamoHandler

from sandbox.patches.replaced import replace

_ONE_AT_A_TIME = threading.RLock()


def install() -> None:
    """Let requests wait for each other."""
    replace(DynamoHandler, "call_action", _call_action)


def _call_action(self: DynamoHandler) -> Any:
    with _ONE_AT_A_TIME:
        return replace.original(DynamoHandler, "call_action")(self)
