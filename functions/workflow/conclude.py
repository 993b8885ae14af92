"""Concludes: from the findings to ranked causes, and from the confirmed ones to the plan."""

import time
from functools import partial
from typing import Any

from functions.core import approval, troubles, turns
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis, Findings, awaited, broken, diagnose, lookup
from functions.core.incidents import RECORD, Incidents, now
from functions.core.language import say
from functions.core.permissions import allow
from functions.core.plan import Plan
from functions.core.proposal import propose
from functions.core.step import Of, step
from functions.core.template import fill
from statemachines import compiled
from statemachines.compiled import Compiled


class Gathered(Of):
    """The findings by the runbook's names for its checks, errors where a check failed; the last question's round."""

    findings: dict[str, Any]
    round: int


@step(allow("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:PutItem", on="{table}"))
def handler(event: Gathered, aws: Session) -> dict[str, Any]:
    """Rank the causes, build the plan, write both into the record.

    Returns:
        `outcome` (healthy, joined, plan, limited, flapping, manual or unclear), the plan's `digest` and `fixes` by
        number, their `count` and `until` which of them each rung goes, how many seconds apart to look for what they
        only set going (`every`, 0: nothing), what the validation gives its checks then (`expected`, by check), the
        `round` of the plan's question, and whose `turn` it is.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    known = incidents.everything(event.incident)
    record = known.get(RECORD, {})
    given = runbook.service.resources | record.get("overrides", {})
    findings = Findings(event.findings, runbook.questions)
    diagnosis = diagnose(runbook.runbook, findings, given)
    plan, against, reasons = propose(runbook, incidents, event.incident, diagnosis, findings, given)
    asked = approval.among(known, event.round)
    same = asked is not None and asked.digest == plan.digest
    failing = broken(runbook.runbook, findings)
    seen = [findings.sentence(signal) for signal in failing]
    wrong = max(record.get("wrong", []), seen, key=len)  # of the first look that saw most: later it may be mended
    written = {"broken": failing, "wrong": wrong, "against": reasons}
    record |= {"incident": event.incident} | written
    _write(incidents, record, diagnosis, plan)
    return {
        "outcome": _joined(incidents, record, diagnosis, plan) or against or _outcome(diagnosis, plan),
        "diagnosis": diagnosis.headline,
        "digest": plan.digest,
        "count": len(plan.steps),
        "until": plan.until,
        "fixes": {str(number): one.fix for number, one in enumerate(plan.steps)},
        **(_after(runbook, diagnosis, findings, given) if plan.steps else {"every": 0, "expected": {}}),
        "round": event.round + 1 if asked and not same else max(event.round, 1),
        "turn": _turn(runbook, asked if same else None),
    }


def _after(runbook: Compiled, diagnosis: Diagnosis, findings: Findings, given: dict[str, Any]) -> dict[str, Any]:
    """Say what comes after the fixes: how far apart to look for what they set going, and what is expected then."""
    wait = awaited(runbook.runbook, diagnosis)
    expected = fill(runbook.runbook.validation.with_, partial(lookup, findings, given))
    return {"every": wait.every if wait else 0, "expected": expected}


def _write(incidents: Incidents, record: dict[str, Any], diagnosis: Diagnosis, plan: Plan) -> None:
    """Write into the incident's record and timeline what was concluded."""
    incident = record["incident"]
    values = {
        "diagnosis": diagnosis.model_dump_json(),
        "plan": plan.model_dump_json(),
        "broken": record["broken"],
        "wrong": record["wrong"],
        "against": record["against"],
        "diagnosed_at": record.get("diagnosed_at") or now(),
    }
    incidents.update(incident, RECORD, values)
    incidents.note(incident, say("Diagnosed: {headline}", headline=diagnosis.headline))
    if diagnosis.level:
        incidents.note(incident, say("Level: {level}", level=diagnosis.level_said))
    for reason in record["against"]:
        incidents.note(incident, say("Not proposed: {reason}", reason=reason))


def _turn(runbook: Compiled, asked: Approval | None) -> dict[str, int]:
    """Say whose turn it is: the first call of a new question, or what is left of the call that an old one waits in."""
    call = asked.call if asked else 0
    current = turns.turn(runbook.service.approval, call)
    left = round(asked.turn_until - time.time()) if asked else current.seconds if current else 0
    return {"call": call, "seconds": max(1, left)}


def _joined(incidents: Incidents, record: dict[str, Any], diagnosis: Diagnosis, plan: Plan) -> str:
    """Leave the trouble to the incident that is about it already, of whichever runbook.

    Who has started this one by hand, or only looks, gets an answer of their own.
    """
    incident = record["incident"]
    if diagnosis.healthy or record.get("mode") == "diagnose":
        return ""
    other = troubles.taken(incidents, record, troubles.names(diagnosis, plan))
    if not other or record.get("trigger", {}).get("kind") == "person":
        return ""
    incidents.note(incident, say("Incident {other} is about the same", other=other))
    incidents.note(other, say("Incident {other} is about the same", other=incident))
    return "joined"


def _outcome(diagnosis: Diagnosis, plan: Plan) -> str:
    if diagnosis.healthy:
        return "healthy"
    if plan.steps:
        return "plan"
    return "manual" if diagnosis.confirmed else "unclear"
