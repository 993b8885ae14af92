"""What every fix makes sure of by itself, right before it changes anything, whoever has called it and with what."""

import time

from pydantic import StrictBool, StrictInt

from functions.core import approval, limits, stops
from functions.core.approval import NotAllowed
from functions.core.aws import Session
from functions.core.incidents import Incidents
from functions.core.language import say
from functions.core.plan import Plan
from functions.core.step import Of
from statemachines import compiled
from statemachines.model import Service

LONGEST_CHANGE = 60  # seconds: a fix's Lambda is over by then


class Asked(Of):
    """What a fix is asked to do: a step of the plan approved in a round, under a lock's number, or to undo it.

    `attempt` counts the state machine's retries: one that follows another knows that the other is over.
    """

    round: StrictInt
    step: StrictInt
    lock: StrictInt
    attempt: StrictInt = 0
    undo: StrictBool = False


def approved(aws: Session, incidents: Incidents, asked: Asked, fix: str) -> Plan:
    """Return the plan that a fix may carry out a step of now, or undo.

    Raises:
        NotAllowed: when a switch or a freeze forbids changes, the target is not locked by this incident, nobody has
            approved this plan lately, the step is not this fix, or the plan goes beyond the service's limits.
    """
    runbook = compiled.read(asked.runbook)
    service = runbook.service
    _refuse(asked, stops.stopped(aws, service.name) if asked.undo else stops.why(aws, service))
    _refuse(asked, _unlocked(incidents, asked, service))
    plan = approval.approved_plan(incidents, asked.incident, asked.round, undo=asked.undo)
    _refuse(asked, _not_its_step(plan, asked, fix))
    if not asked.undo:
        _refuse(asked, "; ".join(limits.beyond(service, plan)))
        _refuse(asked, "" if runbook.runbook.operation else limits.flapping(incidents, service, asked.incident))
    return plan


def _refuse(asked: Asked, why: str) -> None:
    if why:
        raise NotAllowed(say("incident {incident}: {why}", incident=asked.incident, why=why))


def _unlocked(incidents: Incidents, asked: Asked, service: Service) -> str:
    """Say who holds the target instead of this incident's own, latest lock, with time enough left for one change."""
    held = incidents.get(f"target#{service.name}", "lock") or {"holder": "", "until": 0, "token": 0}
    ours = held["holder"] == asked.incident and held["token"] == asked.lock
    if ours and held["until"] >= time.time() + LONGEST_CHANGE:
        return ""
    return say("it does not hold the lock {number} of {target}", number=asked.lock, target=service.name)


def _not_its_step(plan: Plan, asked: Asked, fix: str) -> str:
    if 0 <= asked.step < len(plan.steps) and plan.steps[asked.step].fix == fix:
        return ""
    return say("step {step} of the approved plan is not {fix}", step=asked.step, fix=fix)
