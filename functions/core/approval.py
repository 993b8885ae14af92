"""The question to the approvers and its answer, for exactly one plan."""

import hashlib
import time
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Json

from functions.core.incidents import Incidents
from functions.core.plan import Plan

FRESH_SECONDS = 3600


class Approval(BaseModel):
    """One question: the plan it shows, until when it counts, and what was decided by whom.

    `state` is pending, approved, rejected, expired or withdrawn; `told` says that Step Functions knows. The task token
    never leaves the table but to Step Functions.
    """

    model_config = ConfigDict(extra="ignore")

    incident: str
    round: int
    plan: Json[Plan]
    diagnosis: str
    digest: str
    token: str
    state: str
    asked_at: str
    until: int
    decided_by: str = ""
    decided_at: str = ""
    channel: str = ""
    address: str = ""
    reason: str = ""
    told: bool = False

    @property
    def open(self) -> bool:
        """Say whether a decision would still count."""
        return self.state == "pending" and time.time() < self.until


class NotApproved(Exception):
    """A change was asked for that nobody has allowed; the message says what is missing."""


def item(round_number: int) -> str:
    """Name the item of one round's question."""
    return f"approval#{round_number}"


def read(incidents: Incidents, incident: str, round_number: int) -> Approval | None:
    """Read one question; None when it was never asked."""
    stored = incidents.get(incident, item(round_number))
    return Approval.model_validate(stored) if stored else None


def approved_plan(incidents: Incidents, incident: str, round_number: int, *, undo: bool = False) -> Plan:
    """Return the plan that was approved, for a fix to act on, or to undo however long ago that was.

    Raises:
        NotApproved: when there is no approval, it is for another plan, it is too old, or the incident has ended.
    """
    record = incidents.get(incident)
    if record is None or record["state"] != "open":
        raise NotApproved(f"incident {incident} is not open, so nothing may be changed for it; start the runbook again")
    approval = read(incidents, incident, round_number)
    if approval is None:
        raise NotApproved(f"incident {incident}: question {round_number} was never asked, so nothing may be changed")
    if approval.state != "approved":
        raise NotApproved(f"incident {incident}: the plan is {approval.state}, not approved")
    if approval.plan.digest != approval.digest:
        raise NotApproved(f"incident {incident}: the stored plan is not the one that was approved")
    if not undo and time.time() - datetime.fromisoformat(approval.decided_at).timestamp() > FRESH_SECONDS:
        raise NotApproved(f"incident {incident}: the approval of {approval.decided_at} is too old; start again")
    return approval.plan


def link_item(link: str) -> str:
    """Name the item of an approver's link by the link's hash; the link itself is stored nowhere."""
    return f"link#{hashlib.sha256(link.encode()).hexdigest()}"
