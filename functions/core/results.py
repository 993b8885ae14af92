"""What functions take and return: parameters, findings, changes."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from functions.core.redaction import redact

EVIDENCE_LINES = 10
LINE_LENGTH = 300


class Parameters(BaseModel):
    """Base of a function's parameters; an unknown or missing one is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Finding(BaseModel):
    """What a check saw.

    `signals` answer the check's yes/no questions: True, False, or None for unknown, which is never read as fine.
    `facts` hold ids, counts and times; `evidence` a few lines a person can judge by, redacted and cut.
    """

    model_config = ConfigDict(extra="forbid")

    summary: str
    signals: dict[str, bool | None] = {}
    facts: dict[str, Any] = {}
    evidence: list[str] = []

    @field_validator("summary")
    @classmethod
    def _short(cls, text: str) -> str:
        return _cut(redact(text))

    @field_validator("evidence")
    @classmethod
    def _bounded(cls, lines: list[str]) -> list[str]:
        kept = [_cut(redact(line)) for line in lines[:EVIDENCE_LINES]]
        return kept + [f"… {len(lines) - EVIDENCE_LINES} more"] if len(lines) > EVIDENCE_LINES else kept


class Change(BaseModel):
    """What a fix did: the state before, the state after, and what its undo needs (None: nothing to undo)."""

    model_config = ConfigDict(extra="forbid")

    before: dict[str, Any]
    after: dict[str, Any]
    undo: dict[str, Any] | None = None

    @property
    def changed(self) -> bool:
        """Say whether the fix found anything to change."""
        return self.before != self.after


def _cut(text: str) -> str:
    return text if len(text) <= LINE_LENGTH else f"{text[:LINE_LENGTH]}…"
