"""Which incident works on a target, and how often its trouble has shown since: one incident a target, in any storm.

A target is one runbook of one service. Whoever wants to work on it writes its name there first; the others are counted.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from functions.core.aws import Session
from functions.core.incidents import Conflict, Everything, Incidents, now
from statemachines.compiled import Compiled

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient

CLAIM = "incident"
OCCURRENCES = "occurrences"
STARTING = timedelta(seconds=60)  # longer than dispatch may run: within it, a claim's execution may be about to start
TRIES = 10


class Claim(NamedTuple):
    """Which incident works on a target, and whether it does so by this very call."""

    holder: str
    made: bool


def claim(aws: Session, runbook: Compiled, incident: str) -> Claim:
    """Claim a target for an incident, unless another one works on it: one that runs, or is just being started.

    Raises:
        Conflict: when others keep taking and leaving it at the same moment.
    """
    incidents, mine = Incidents(aws), {"holder": incident, "at": now()}
    for _ in range(TRIES):
        try:
            incidents.create(_target(runbook), CLAIM, mine)
        except Conflict as conflict:
            held = conflict.found
        else:
            return Claim(incident, made=True)
        if held["holder"] == incident or _at_work(aws, runbook, held):
            return Claim(held["holder"], made=False)
        with suppress(Conflict):  # somebody else was first: look who
            incidents.update(_target(runbook), CLAIM, mine, holder=held["holder"], at=held["at"])
            return Claim(incident, made=True)
    raise Conflict(f"{_target(runbook)} changes hands too often")


def holder(incidents: Incidents, runbook: Compiled) -> str:
    """Return the incident that has claimed a target; empty where none has."""
    return str((incidents.get(_target(runbook), CLAIM) or {}).get("holder", ""))


def release(incidents: Incidents, runbook: Compiled, incident: str) -> None:
    """Give a target back; nothing happens where another incident holds it, or none."""
    try:
        incidents.delete(_target(runbook), CLAIM, holder=incident)
    except Conflict:
        return


def count(incidents: Incidents, incident: str, event: str, trigger: dict[str, str]) -> bool:
    """Count an event that an incident is about, also before its record exists; False where it was counted already."""
    return incidents.tally(incident, OCCURRENCES, event, {"last": trigger, "last_at": now()})


def counted(everything: Everything) -> int:
    """Say how many events an incident was about, from all of its items."""
    return int(everything.get(OCCURRENCES, {}).get("count", 0))


def _at_work(aws: Session, runbook: Compiled, held: dict[str, Any]) -> bool:
    states: SFNClient = aws.client("stepfunctions")
    execution = f"{runbook.service.execution_arn(runbook.runbook.name)}:{held['holder']}"
    try:
        return states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    except states.exceptions.ExecutionDoesNotExist:
        return abs(datetime.now(UTC) - datetime.fromisoformat(held["at"])) < STARTING


def _target(runbook: Compiled) -> str:
    return f"target#{runbook.service.name}/{runbook.runbook.name}"
