"""The question to the approvers and its answers, for exactly one plan."""

import hashlib
import time
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Json

from functions.core.incidents import Conflict, Everything, Incidents
from functions.core.language import say
from functions.core.plan import Plan

FRESH_SECONDS, SKEW_SECONDS = 3600, 60
TRIES = 10


class Decision(BaseModel):
    """What one person, or the service's policy, said: through what, from where, on which plan, in which words.

    `proof` says in a sentence how sure it is that it was this person.
    """

    decision: Literal["approved", "rejected"]
    approver: str
    channel: Literal["link", "command", "policy"]
    at: str
    digest: str
    proof: str
    address: str = ""
    principal: str = ""
    words: str = ""


class Approval(BaseModel):
    """One question: the plan it shows, who is asked until when, and what they said.

    `state` is pending, approved, rejected, expired, withdrawn or replaced (by a question about another plan). `needed`
    people other than `barred` have to approve. `level` may decide until `until` (epoch seconds), `call` counts calls
    and reminders up to `mailed`; `turn_until` is when the next one is due. `told` says that Step Functions knows,
    `missed` that an alarm's update came while it was looking. `token` is encrypted. Every change counts `version` up,
    so that of two at once one has to look again.
    """

    model_config = ConfigDict(extra="ignore")

    incident: str
    round: int
    plan: Json[Plan]
    diagnosis: str
    digest: str
    needed: int
    barred: str = ""
    token: str
    state: str = "pending"
    asked_at: str
    level: int = 0
    call: int = 0
    mailed: int = -1
    turn_until: int
    until: int
    looks: int = 0
    missed: bool = False
    decisions: list[Decision] = []
    version: int = 0
    told: bool = False

    @property
    def open(self) -> bool:
        """Say whether a decision would still count."""
        return self.state == "pending" and time.time() < self.until

    @property
    def decided(self) -> bool:
        """Say whether people, or the policy, have decided."""
        return self.state in {"approved", "rejected"}

    @property
    def approvals(self) -> list[Decision]:
        """The approvals that count, the first one of each person."""
        by_person: dict[str, Decision] = {}
        for one in self.decisions:
            if one.decision == "approved" and one.digest == self.digest and one.approver != self.barred:
                by_person.setdefault(one.approver, one)
        return list(by_person.values())

    @property
    def outcome(self) -> str:
        """What the decisions come to: one rejection is enough, approvals have to be as many as needed."""
        if any(one.decision == "rejected" for one in self.decisions):
            return "rejected"
        enough = self.decisions and len(self.approvals) >= self.needed
        return "approved" if enough else "pending"

    @property
    def last(self) -> Decision | None:
        """The decision that settled it, or the last one so far."""
        return self.decisions[-1] if self.decisions else None


class NotAllowed(Exception):
    """A change was asked for that nobody has allowed; the message says what is missing."""


def item(round_number: int) -> str:
    """Name the item of one round's question."""
    return f"approval#{round_number}"


def read(incidents: Incidents, incident: str, round_number: int) -> Approval | None:
    """Read one question; None when it was never asked."""
    stored = incidents.get(incident, item(round_number))
    return Approval.model_validate(stored) if stored else None


def among(everything: Everything, round_number: int) -> Approval | None:
    """Find one question among all of an incident's items; None when it was never asked."""
    stored = everything.get(item(round_number))
    return Approval.model_validate(stored) if stored else None


def change(incidents: Incidents, question: Approval, **values: Any) -> Approval:
    """Change a question that nobody has changed since it was read.

    Raises:
        Conflict: when somebody has.
    """
    values = {**values, "version": question.version + 1}
    incidents.update(question.incident, item(question.round), values, version=question.version)
    return Approval.model_validate(question.model_dump() | {"plan": question.plan.model_dump_json()} | values)


def keep(incidents: Incidents, question: Approval, **values: Any) -> Approval:
    """Change a question, whatever people say to it in the meantime; their decisions stay."""
    for _ in range(TRIES):
        try:
            return change(incidents, question, **values)
        except Conflict:
            question = read(incidents, question.incident, question.round) or question
    raise Conflict(f"{question.incident}: too many decisions at once")


def decide(incidents: Incidents, question: Approval, decision: Decision, **rules: Any) -> Approval:
    """Add a decision to an open question and settle it; saying the same thing twice counts once.

    Args:
        incidents: the table.
        question: as it was read; it is read again where somebody else was faster.
        decision: what a person said.
        rules: `needed` and `barred`, where they are known better by now.

    Returns:
        The question as it stands, without the decision where it was not open any more, or open to another level.
    """
    level = question.level
    for _ in range(TRIES):
        if not question.open or question.level != level:
            return question
        said = [(one.approver, one.decision) for one in question.decisions]
        new = [] if (decision.approver, decision.decision) in said else [decision]
        settled = question.model_copy(update={**rules, "decisions": [*question.decisions, *new]})
        decisions = [one.model_dump() for one in settled.decisions]
        try:
            return change(incidents, question, **rules, decisions=decisions, state=settled.outcome)
        except Conflict:
            question = read(incidents, question.incident, question.round) or question
    raise Conflict(f"{question.incident}: too many decisions at once")


def approved_plan(incidents: Incidents, incident: str, round_number: int, *, undo: bool = False) -> Plan:
    """Return the plan that was approved, for a fix to act on, or to undo however long ago that was.

    Raises:
        NotAllowed: when there is no approval by enough people, it is for another plan, it is too old, or the incident
            has ended.
    """
    record = incidents.get(incident)
    if record is None or record["state"] != "open":
        raise _refused(incident, say("it is not open, so nothing may be changed for it; start the runbook again"))
    approval = read(incidents, incident, round_number)
    if approval is None:
        raise _refused(incident, say("question {round} was never asked, so nothing may be changed", round=round_number))
    if approval.state != "approved":
        raise _refused(incident, say("the plan is {state}, not approved", state=approval.state))
    if approval.plan.digest != approval.digest:
        raise _refused(incident, say("the stored plan is not the one that was approved"))
    if approval.outcome != "approved" or approval.last is None:
        raise _refused(incident, say("fewer people approved the plan than the policy asks for"))
    age = time.time() - datetime.fromisoformat(approval.last.at).timestamp()
    if not undo and not -SKEW_SECONDS <= age <= FRESH_SECONDS:
        raise _refused(incident, say("the approval of {at} is not of the last hour; start again", at=approval.last.at))
    return approval.plan


def _refused(incident: str, why: str) -> NotAllowed:
    return NotAllowed(say("incident {incident}: {why}", incident=incident, why=why))


def link_item(link: str) -> str:
    """Name the item of an approver's link by the link's hash; the link itself is stored nowhere."""
    secret = link.encode(errors="replace")
    return f"link#{hashlib.sha256(secret).hexdigest()}"
