"""Gathers what the functions need to know about a runbook of a service, from their files and the catalogue."""

from functions.core import catalogue
from functions.core.fix import Fix
from statemachines.audit_model import Audit
from statemachines.compiled import Compiled, FixText
from statemachines.compiled_audit import Audited
from statemachines.model import Runbook, Service


def compiled(service: Service, runbook: Runbook) -> Compiled:
    """Gather what the functions need to know about one runbook of one service."""
    fixes = {use.fix: catalogue.fixes()[use.fix] for use in runbook.fixes}
    return Compiled(
        service=service,
        runbook=runbook,
        questions={name: catalogue.checks()[use.check].signals for name, use in runbook.checks.items()},
        fixes={name: _text(fix, service) for name, fix in fixes.items()},
    )


def audited(service: Service, audit: Audit) -> Audited:
    """Gather what the functions need to know about the audit of one service."""
    questions = {name: catalogue.checks()[use.check].signals for name, use in audit.checks.items()}
    return Audited(service=service, audit=audit, questions=questions)


def _text(fix: Fix, service: Service) -> FixText:
    risk = service.approval.risks.get(fix.name, fix.risk)
    return FixText(effect=fix.effect, risk=risk, radius=fix.radius, touches=fix.touches, undo=fix.undo_effect)
