"""Judges whether the fix worked, from checks made after it and never from what the fix said of itself."""

from typing import Any

from functions.core.aws import Session
from functions.core.diagnosis import Findings, broken, healthy
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.outcomes import VERDICTS
from functions.core.permissions import allow
from functions.core.step import Of, step
from statemachines import compiled
from statemachines.compiled import Compiled


class Seen(Of):
    """The findings of the validating checks, and how often they have been made since the fixes; 0 after an undo."""

    findings: dict[str, Any]
    attempt: int


@step(allow("dynamodb:GetItem", "dynamodb:PutItem", on="{table}"))
def handler(event: Seen, aws: Session) -> dict[str, Any]:
    """Give the verdict: wait, fixed, not fixed, worse or unverifiable; after an undo, only note what is seen."""
    runbook, incidents = compiled.read(event.runbook), Incidents(aws)
    questions = {name: runbook.questions[name] for name in runbook.runbook.validating}
    findings = Findings(event.findings, questions)
    before = (incidents.get(event.incident) or {}).get("broken", [])
    seen = "; ".join(finding.summary for finding in findings.by_name.values())
    if event.attempt == 0:
        incidents.note(event.incident, say("After the undo: {seen}", seen=seen))
        return {"verdict": "undone"}
    verdict = _verdict(runbook, findings, event.attempt, before)
    if verdict != "wait":
        told = say("Validated, {verdict}: {seen}", verdict=translated(VERDICTS[verdict]), seen=seen)
        incidents.note(event.incident, told, verdict=verdict)
    return {"verdict": verdict}


def _verdict(runbook: Compiled, findings: Findings, attempt: int, before: list[str]) -> str:
    well = healthy(runbook.runbook, findings)
    if well:
        return "fixed"
    if attempt < runbook.runbook.validation.attempts:
        return "wait"
    if well is None:
        return "unverifiable"
    return "worse" if len(_comparable(runbook, findings)) > len(before) else "not fixed"


def _comparable(runbook: Compiled, findings: Findings) -> list[str]:
    """List what is wrong, without what only the plan had promised: it was not there before either."""
    promised = runbook.runbook.validation.with_
    return [one for one in broken(runbook.runbook, findings) if one.partition(".")[0] not in promised]
