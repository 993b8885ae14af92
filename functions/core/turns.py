"""Whose turn it is to answer: level after level, each called once and reminded halfway."""

from pydantic import BaseModel

from statemachines.model import ApprovalRules, Level

CALLS = 2  # a level's call, and its reminder


class Turn(BaseModel):
    """One call to the approvers of a level, and the seconds until the next one is due."""

    call: int
    seconds: int

    @property
    def level(self) -> int:
        """The number of the level, from 0."""
        return self.call // CALLS

    @property
    def reminder(self) -> bool:
        """Say whether the level has been called before."""
        return bool(self.call % CALLS)


def turn(rules: ApprovalRules, call: int) -> Turn | None:
    """Return a call by its number; None after the last one: then nobody has answered."""
    if call >= CALLS * len(rules.levels):
        return None
    return Turn(call=call, seconds=rules.levels[call // CALLS].minutes * 60 // CALLS)


def level(rules: ApprovalRules, call: int) -> Level:
    """Return the level that a call is to."""
    return rules.levels[call // CALLS]


def asked(rules: ApprovalRules, call: int) -> list[str]:
    """List everybody who has been asked up to a call, once each."""
    return list(dict.fromkeys(mail for one in rules.levels[: call // CALLS + 1] for mail in one.approvers))
