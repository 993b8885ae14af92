"""Concludes: from the findings to ranked causes, and from the confirmed ones to the plan."""

import time
from typing import Any

from functions.core import approval, turns
from functions.core.approval import Approval
from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis, Findings, broken, diagnose, lookup
from functions.core.incidents import RECORD, Incidents, now
from functions.core.language import say, translated
from functions.core.permissions import allow
from functions.core.plan import Plan, Step
from functions.core.step import Of, step
from functions.core.template import fill, readable
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import FixUse


class Gathered(Of):
    """The findings by the runbook's names for its checks, errors where a check failed; the last question's round."""

    findings: dict[str, Any]
    round: int


@step(allow("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", on="{table}"))
def handler(event: Gathered, aws: Session) -> dict[str, Any]:
    """Rank the causes, build the plan, write both into the record.

    Returns:
        `outcome` (healthy, plan, manual or unclear), the plan's `digest`, its fixes by number for the chain, the
        `round` of the question about it (the last one where the plan is still the same), and whose `turn` it is.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    record = incidents.get(event.incident) or {}
    resources = runbook.service.resources | record.get("overrides", {})
    findings = Findings(event.findings, runbook.questions)
    diagnosis = diagnose(runbook.runbook, findings, resources)
    plan = _plan(runbook, diagnosis, findings, resources)
    asked = approval.read(incidents, event.incident, event.round)
    same = asked is not None and asked.digest == plan.digest
    incidents.update(
        event.incident,
        RECORD,
        {
            "diagnosis": diagnosis.model_dump_json(),
            "plan": plan.model_dump_json(),
            "broken": broken(runbook.runbook, findings),
            "diagnosed_at": record.get("diagnosed_at") or now(),
        },
    )
    incidents.note(event.incident, say("Diagnosed: {headline}", headline=diagnosis.headline))
    return {
        "outcome": _outcome(diagnosis, plan),
        "diagnosis": diagnosis.headline,
        "digest": plan.digest,
        "count": len(plan.steps),
        "fixes": {str(number): one.fix for number, one in enumerate(plan.steps)},
        "round": event.round + 1 if asked and not same else max(event.round, 1),
        "turn": _turn(runbook, asked if same else None),
    }


def _turn(runbook: Compiled, asked: Approval | None) -> dict[str, int]:
    """Say whose turn it is: the first call of a new question, or what is left of the call that an old one waits in."""
    call = asked.call if asked else 0
    current = turns.turn(runbook.service.approval, call)
    left = round(asked.turn_until - time.time()) if asked else current.seconds if current else 0
    return {"call": call, "seconds": max(1, left)}


def _outcome(diagnosis: Diagnosis, plan: Plan) -> str:
    if diagnosis.healthy:
        return "healthy"
    if plan.steps:
        return "plan"
    return "manual" if diagnosis.confirmed else "unclear"


def _plan(runbook: Compiled, diagnosis: Diagnosis, findings: Findings, resources: dict[str, Any]) -> Plan:
    """Order the fixes of all confirmed causes as the causes rank; the same change stands there once."""
    by_name = {cause.name: cause for cause in runbook.runbook.causes}
    uses = [use for cause in diagnosis.confirmed for use in by_name[cause.name].fix]
    steps: list[Step] = []
    for use in uses:
        one = _step(runbook, use, findings, resources)
        if not any(one.same_change(other) for other in steps):
            steps.append(one)
    service = runbook.service
    return Plan(
        account=service.account, region=service.region, service=service.name, runbook=runbook.runbook.name, steps=steps
    )


def _step(runbook: Compiled, use: FixUse, findings: Findings, resources: dict[str, Any]) -> Step:
    parameters = fill(use.with_, resources.__getitem__)
    words = {"before": translated(use.before), "after": translated(use.after)}
    texts = fill(words, lambda name: lookup(findings, resources, name))
    text = runbook.fixes[use.fix]
    return Step(
        fix=use.fix,
        parameters=parameters,
        effect=readable(fill(translated(text.effect), parameters.__getitem__)),
        before=readable(texts["before"]),
        after=readable(texts["after"]),
        risk=text.risk,
        radius=readable(fill(translated(text.radius), parameters.__getitem__)),
        undo=translated(text.undo) if text.undo else None,
    )
