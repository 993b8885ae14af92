"""Gathers what the functions need to know about a runbook of a service, from their files and the catalogue."""

from functions.core import catalogue
from statemachines.compiled import Compiled, FixText
from statemachines.model import Runbook, Service


def compiled(service: Service, runbook: Runbook) -> Compiled:
    """Gather what the functions need to know about one runbook of one service."""
    fixes = {use.fix: catalogue.fixes()[use.fix] for use in runbook.fixes}
    return Compiled(
        service=service,
        runbook=runbook,
        questions={name: catalogue.checks()[use.check].signals for name, use in runbook.checks.items()},
        fixes={name: FixText(effect=fix.effect, risk=fix.risk, undo=fix.undo_effect) for name, fix in fixes.items()},
    )
