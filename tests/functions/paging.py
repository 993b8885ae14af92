"""Pages as AWS gives them, where moto answers with everything at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel


@contextmanager
def paged(client: Any, operation: str, size: int) -> Iterator[list[int]]:
    """Let a client's operation, as "DescribeSecurityGroups", answer so many at once; tells where each page began."""
    terms = client.get_paginator(xform_name(operation))._pagination_cfg  # noqa: SLF001
    begun: list[int] = []

    def take(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["first"] = int(params.pop(terms["input_token"], 0))

    def cut(parsed: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: Any) -> None:
        assert model.name == operation
        first, found = context["first"], parsed[terms["result_key"]]
        begun.append(first)
        parsed[terms["result_key"]] = found[first : first + size]
        more = first + size < len(found)
        if "more_results" in terms:
            parsed[terms["more_results"]] = more
        parsed.pop(terms["output_token"], None)
        if more:
            parsed[terms["output_token"]] = str(first + size)

    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register_first(f"before-parameter-build.{service}.{operation}", take)
    events.register(f"after-call.{service}.{operation}", cut)
    try:
        yield begun
    finally:
        events.unregister(f"before-parameter-build.{service}.{operation}", take)
        events.unregister(f"after-call.{service}.{operation}", cut)
