"""Answers that a test wrote, in front of moto, where that does not know them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.model import OperationModel

from functions.core.aws import Session

Answer = dict[str, Any]
Calls = list[tuple[str, Answer]]


class _Http:
    def __init__(self, answer: Answer) -> None:
        self.status_code = 400 if "Error" in answer else 200


@contextmanager
def answering(aws: Session, service: str, region: str | None, told: Callable[[str, Answer], Answer]) -> Iterator[Calls]:
    """Let a service's answers come from a function of the operation and its parameters; gives the calls."""
    calls: Calls = []
    given = threading.local()  # several may ask at once

    def keep(params: Answer, **_: Any) -> None:
        given.parameters = dict(params)

    def answer(model: OperationModel, **_: Any) -> tuple[_Http, Answer]:
        calls.append((model.name, given.parameters))
        said = told(model.name, given.parameters)
        return _Http(said), said

    client: Any = aws.client(service, region)  # type: ignore[call-overload]  # any service
    client.meta.events.register("provide-client-params", keep)
    client.meta.events.register_last("before-call", answer)  # after who records the calls
    try:
        yield calls
    finally:
        client.meta.events.unregister("provide-client-params", keep)
        client.meta.events.unregister("before-call", answer)
