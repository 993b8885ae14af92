"""What functions take and return: parameters, findings, changes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from functions.core.language import say
from functions.core.redaction import redact

LINES = 10
LINE_LENGTH = 300
READ_LENGTH = 2000  # what looks for secrets takes the square of a text's length, and a log line may be a megabyte


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


class Started(BaseModel):
    """What a fix has only started: the command that makes the change, for longer than a function may wait."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    command: str


class CommandFailed(Exception):
    """What a fix has started has ended, but not well; the message says why."""


def shortened(values: list[Any], most: int = LINES) -> list[Any]:
    """Return so many values at most, and how many more there are; "… 1 more" takes as much room as the value itself."""
    more = len(values) - most
    return [*values[:most], say("… {count} more", count=more)] if more > 1 else values


def printable(text: str) -> str:
    """Blank what a terminal or a mail program would act on instead of showing it: line ends, escapes, overrides."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _cut(value: Any) -> Any:
    """Redact and cut a text, or the texts and lists inside of a value; doing so again changes nothing."""
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in shortened(value)]
    if not isinstance(value, str):
        return value
    text = redact(printable(value[:READ_LENGTH]))
    whole = len(text) <= LINE_LENGTH and len(value) <= READ_LENGTH
    return text if whole else f"{text[:LINE_LENGTH]}…"
