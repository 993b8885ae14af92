"""What functions take and return: parameters, findings, changes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from functions.core.language import say
from functions.core.redaction import redact

LINES = 10
LINE_LENGTH = 300


class Parameters(BaseModel):
    """Base of a function's parameters; an unknown or missing one is an error that names it."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True)


class Finding(BaseModel):
    """What a check saw.

    `signals` answer the check's yes/no questions: True, False, or None for unknown, which is never read as fine.
    `facts` hold ids, counts and times; `evidence` a few lines a person can judge by. All texts are redacted, and
    everything is cut, so that a finding about a thousand targets is as large as one about two.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    summary: str
    signals: dict[str, bool | None] = {}
    facts: dict[str, Any] = {}
    evidence: list[str] = []

    @field_validator("summary", "facts", "evidence")
    @classmethod
    def _bounded(cls, value: Any) -> Any:
        return _cut(value)


class Change(BaseModel):
    """What a fix did: the state before, the state after, and what its undo needs (None: nothing to undo)."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    before: dict[str, Any]
    after: dict[str, Any]
    undo: dict[str, Any] | None = None

    @property
    def changed(self) -> bool:
        """Say whether the fix found anything to change."""
        return self.before != self.after


def _cut(value: Any) -> Any:
    """Redact and cut a text, or the texts and lists inside of a value; doing so again changes nothing."""
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        more = len(value) - LINES
        kept = value[:LINES] if more > 1 else value  # the words "… 1 more" take as much room as the line itself
        return [*(_cut(inner) for inner in kept), *([say("… {count} more", count=more)] if more > 1 else [])]
    if not isinstance(value, str):
        return value
    text = redact(value)
    return text if len(text) <= LINE_LENGTH else f"{text[:LINE_LENGTH]}…"
