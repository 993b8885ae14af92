"""The parameters of an SSM document, held against what is sent."""

import re
from collections.abc import Mapping
from typing import Any


class InvalidParameters(Exception):
    """What is sent does not fit the document; the text is AWS's as far as it is known."""


def values(declared: Mapping[str, Any], given: Mapping[str, list[str]]) -> dict[str, str]:
    """Return each parameter's value; raises InvalidParameters as SSM refuses them."""
    if unknown := sorted(given.keys() - declared.keys()):
        raise InvalidParameters(f"document does not support parameters: {', '.join(unknown)}")
    found: dict[str, str] = {}
    for name, one in declared.items():
        if name not in given:
            if "default" not in one:
                raise InvalidParameters(f"missing required parameter: {name}")
            found[name] = _text(one["default"])
            continue
        found[name] = _checked(name, one, given[name])
    return found


def _checked(name: str, declared: Mapping[str, Any], given: list[str]) -> str:
    kind = declared["type"]
    if kind not in ("String", "StringList", "Boolean"):
        raise NotImplementedError(f"the sandbox knows no parameters of type {kind}")
    if kind != "StringList" and len(given) != 1:
        raise InvalidParameters(f"parameter {name} takes one value, and {len(given)} were given")
    if kind == "Boolean" and given[0] not in ("true", "false"):
        raise InvalidParameters(f"parameter {name}: {given[0]} is not a Boolean")
    pattern, allowed = declared.get("allowedPattern"), declared.get("allowedValues")
    for value in given:
        # anchors, and what they let through, are the document's
        if pattern and not re.search(pattern, value):
            raise InvalidParameters(f"Parameter {name} fails its constraint: it must match {pattern}")
        if allowed and value not in allowed:
            raise InvalidParameters(f"Parameter {name} fails its constraint: it must be one of {allowed}")
        least, most = int(declared.get("minChars", 0)), int(declared.get("maxChars", 10**9))
        if not least <= len(value) <= most:
            raise InvalidParameters(f"Parameter {name} fails its constraint: {least} to {most} characters")
    return _text(given if kind == "StringList" else given[0])


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
