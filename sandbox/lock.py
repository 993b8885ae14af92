"""One lock for what both the API and the physics change: ECS services and tasks, target groups."""

import threading

from sandbox.patches.replaced import replace
from sandbox.untyped import Model

STATE = threading.RLock()


def serialize(response: Model) -> None:
    """Let every API call of one of moto's response classes hold the lock until its answer is written out."""

    def call_action(self: Model) -> Model:
        with STATE:
            return replace.original(response, "call_action")(self)

    replace(response, "call_action", call_action)
