"""From the confirmed causes to the plan, and to what speaks against proposing it."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from functions.core import limits
from functions.core.diagnosis import Diagnosis, Findings, lookup
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.plan import Plan, Step
from functions.core.template import fill, names, readable
from statemachines.compiled import Compiled
from statemachines.model import FixUse

Value = Callable[[str], Any]


class Proposal(NamedTuple):
    """A plan, and what speaks against it: how the incident ends then, and the reasons; empty where nothing does."""

    plan: Plan
    outcome: str
    reasons: list[str]


def propose(
    runbook: Compiled,
    incidents: Incidents,
    incident: str,
    diagnosis: Diagnosis,
    findings: Findings,
    given: dict[str, Any],
) -> Proposal:
    """Order the fixes of all confirmed causes by rung, then as the causes rank; the same change stands there once.

    `given` are the service's resources, with what an engineer has named otherwise. Nothing speaks against a plan that
    nobody needs, because the service is healthy.
    """
    rungs = _rungs(runbook, diagnosis)
    unknown = [reason for use, _ in rungs for reason in _unknown(use, findings)]
    steps: list[Step] = []
    for use, rung in () if unknown else rungs:
        made = [_step(runbook, use, values, rung) for values in _values(use, findings, given)]
        steps += [one for one in made if not any(one.same_change(other) for other in steps)]
    service = runbook.service
    plan = Plan(
        account=service.account, region=service.region, service=service.name, runbook=runbook.runbook.name, steps=steps
    )
    if diagnosis.healthy:
        return Proposal(plan, "", [])
    if unknown:
        return Proposal(plan, "limited", unknown)
    repairs = steps and not runbook.runbook.operation
    too_often = limits.flapping(incidents, service, incident) if repairs else ""
    if too_often:
        return Proposal(plan, "flapping", [too_often])
    beyond = limits.beyond(service, plan)
    return Proposal(plan, "limited" if beyond else "", beyond)


def _rungs(runbook: Compiled, diagnosis: Diagnosis) -> list[tuple[FixUse, int]]:
    """List the fixes of all confirmed causes with their rungs, the lowest first."""
    by_name = {cause.name: cause for cause in runbook.runbook.causes}
    causes = [by_name[cause.name] for cause in diagnosis.confirmed]
    uses = [(use, rung * cause.ladder) for cause in causes for rung, use in enumerate(cause.fix)]
    return sorted(uses, key=itemgetter(1))


def _unknown(use: FixUse, findings: Findings) -> list[str]:
    """Say which facts a fix needs that no check could tell, or not as a whole."""
    wanted = sorted(name for name in names(use.with_) if "." in name)
    return [
        say("{fix} needs {fact}, which no check could tell", fix=use.fix, fact=name)
        for name in wanted
        if not (_members if name == use.each else _whole)(findings.fact(name))
    ]


def _whole(fact: Any) -> bool:
    """Say whether a fact is one value that was not cut: only those may become a change."""
    return isinstance(fact, int) or (isinstance(fact, str) and fact != "" and not fact.endswith("…"))


def _members(fact: Any) -> bool:
    """Say whether a fact lists such values, and was not cut either: then it ends with how many more there are."""
    return isinstance(fact, list) and fact != [] and all(_whole(one) and str(one)[0] != "…" for one in fact)


def _values(use: FixUse, findings: Findings, given: dict[str, Any]) -> list[Value]:
    """Return what gives the names in a fix's texts and parameters their values, once or for `each` member of a fact."""

    def value(member: Any, name: str) -> Any:
        return member if name == use.each else lookup(findings, given, name)

    return [partial(value, member) for member in (findings.fact(use.each) if use.each else [None])]


def _step(runbook: Compiled, use: FixUse, value: Value, rung: int) -> Step:
    parameters, text = fill(use.with_, value), runbook.fixes[use.fix]
    return Step(
        fix=use.fix,
        parameters=parameters,
        effect=readable(fill(translated(text.effect), parameters.__getitem__)),
        before=readable(fill(translated(use.before), value)),
        after=readable(fill(translated(use.after), value)),
        risk=text.risk,
        radius=readable(fill(translated(text.radius), parameters.__getitem__)),
        undo=translated(text.undo) if text.undo else None,
        touches=len(parameters[text.touches]) if text.touches else 1,
        rung=rung,
    )
