"""Names in braces, and nothing more: `{target_group}`, `{targets.reasons}`."""

import re
from collections.abc import Callable
from typing import Any

from functions.core.language import say

NAME = re.compile(r"\{([a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)?)\}")


def fill(template: Any, lookup: Callable[[str], Any]) -> Any:
    """Replace every name in braces in a text, or in the texts of a list or dictionary, by its value.

    A text that is one name alone becomes the value itself, whatever its type; inside a longer text it becomes text.
    """
    if isinstance(template, dict):
        return {key: fill(value, lookup) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, lookup) for value in template]
    if not isinstance(template, str):
        return template
    whole = NAME.fullmatch(template)
    return lookup(whole[1]) if whole else NAME.sub(lambda match: readable(lookup(match[1])), template)


def names(template: Any) -> set[str]:
    """List the names that a template mentions."""
    found: set[str] = set()
    fill(template, found.add)
    return found


def readable(value: Any) -> str:
    """Write a value as a person would say it."""
    if value is None:
        return say("unknown")
    if isinstance(value, dict):
        return ", ".join(f"{name} {readable(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(readable, value)) or say("none")
    return str(value)
