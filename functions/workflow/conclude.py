"""Concludes: from the findings to ranked causes, and from the confirmed ones to the plan."""

from typing import Any

from functions.core.aws import Session
from functions.core.diagnosis import Diagnosis, Findings, broken, diagnose, lookup
from functions.core.incidents import RECORD, Incidents, now
from functions.core.permissions import allow
from functions.core.plan import Plan, Step
from functions.core.step import Of, step
from functions.core.template import fill, readable
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import FixUse


class Gathered(Of):
    """The findings by the runbook's names for its checks; errors where a check failed."""

    findings: dict[str, Any]


@step(allow("dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", on="{table}"))
def handler(event: Gathered, aws: Session) -> dict[str, Any]:
    """Rank the causes, build the plan, write both into the record.

    Returns:
        `outcome` (healthy, plan, manual or unclear), the plan's `digest`, and its fixes by number for the chain.
    """
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    record = incidents.get(event.incident) or {}
    resources = runbook.service.resources | record.get("overrides", {})
    findings = Findings(event.findings, runbook.questions)
    diagnosis = diagnose(runbook.runbook, findings, resources)
    plan = _plan(runbook, diagnosis, findings, resources)
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
    incidents.note(event.incident, f"Diagnosed: {diagnosis.headline}")
    return {
        "outcome": _outcome(diagnosis, plan),
        "diagnosis": diagnosis.headline,
        "digest": plan.digest,
        "count": len(plan.steps),
        "fixes": {str(number): one.fix for number, one in enumerate(plan.steps)},
    }


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
    texts = fill({"before": use.before, "after": use.after}, lambda name: lookup(findings, resources, name))
    text = runbook.fixes[use.fix]
    return Step(
        fix=use.fix,
        parameters=parameters,
        effect=readable(fill(text.effect, parameters.__getitem__)),
        before=readable(texts["before"]),
        after=readable(texts["after"]),
        risk=text.risk,
        undo=text.undo,
    )
