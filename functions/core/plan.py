"""The plan: exactly what would be changed, and the digest an approval is for."""

import hashlib
import json
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

Risk = Literal["low", "medium", "high"]
RISKS: tuple[Risk, ...] = get_args(Risk)


class Step(BaseModel):
    """One fix with every parameter resolved, how a person would read it, and how many resources it touches.

    On a `rung` above 0 it is carried out only where the rungs below have not helped.
    """

    model_config = ConfigDict(extra="forbid")

    fix: str
    parameters: dict[str, Any]
    effect: str
    before: str
    after: str
    risk: Risk
    radius: str
    undo: str | None
    touches: int = 1
    rung: int = 0

    def same_change(self, other: "Step") -> bool:
        """Say whether both would change the same thing in the same way, however they describe it."""
        return self.change == other.change

    @property
    def change(self) -> str:
        """What it does, as the digest reads it: for Python 1 and 1.0 are the same, for AWS they need not be."""
        return json.dumps({"fix": self.fix, "parameters": self.parameters}, sort_keys=True, separators=(",", ":"))


class Plan(BaseModel):
    """The fixes of one incident in one service, in their order: those of a rung after all of the rungs below."""

    model_config = ConfigDict(extra="forbid")

    account: str
    region: str
    service: str
    runbook: str
    steps: list[Step]

    @property
    def risk(self) -> Risk:
        """The highest risk of its steps."""
        return max((step.risk for step in self.steps), key=RISKS.index, default="low")

    @property
    def until(self) -> list[int]:
        """How many of its steps have been made after each rung, when it is time to see whether that was enough."""
        return [sum(step.rung <= rung for step in self.steps) for rung in range(self.rungs)]

    @property
    def rungs(self) -> int:
        """How many rungs it has: one, where all is carried out at once."""
        return 1 + max((step.rung for step in self.steps), default=0)

    @property
    def digest(self) -> str:
        """Identify the plan by its effects: target, fixes, parameters and rungs, not by texts, counts or times."""
        effects = [
            {"fix": step.fix, "parameters": step.parameters} | ({"rung": step.rung} if step.rung else {})
            for step in self.steps
        ]
        identity = [self.account, self.region, self.service, self.runbook, effects]
        return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
