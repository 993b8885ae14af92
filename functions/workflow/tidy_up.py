"""Tidies up after an execution that ended before its incident did: stopped by a person, out of time, or dead.

Step Functions runs nothing of the chain then. EventBridge tells, at least once; Lambda tries again where this fails.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from functions.core import occasions
from functions.core.aws import Session
from functions.core.incidents import RECORD, Incidents
from functions.core.language import marked, say
from functions.core.log import logger
from functions.core.step import step
from functions.core.template import readable
from functions.workflow import close_incident, escalate, target_lock
from functions.workflow.escalate import Ending
from statemachines import compiled

STOPPED = "stopped"
LEFT = {
    "done": marked("Changed and not undone: {fix}: was {before}, is {after}"),
    "started": marked("Interrupted, perhaps changed: {fix}: was {before}, was to become {after}"),
}


class Execution(BaseModel):
    """The detail of a "Step Functions Execution Status Change"; the name is the incident's."""

    model_config = ConfigDict(extra="ignore")

    name: str
    stateMachineArn: str  # noqa: N815  EventBridge's spelling
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]
    error: str | None = None
    cause: str | None = None


@step(*close_incident.handler.permissions)  # what it does itself, and what escalating does, needs no more
def handler(event: dict[str, Any], aws: Session) -> dict[str, Any]:
    """Give back lock and target, end open questions, name what is changed and not undone, close, and tell people.

    An incident that the chain itself has closed is left as it is.

    Returns:
        `tidied`: whether there was anything to close or to tell.
    """
    ended, incidents = Execution.model_validate(event["detail"]), Incidents(aws)
    runbook = next(one for one in compiled.read_all() if one.state_machine == ended.stateMachineArn)
    target_lock.release(incidents, runbook.service.name, ended.name)
    occasions.release(incidents, runbook, ended.name)
    record = incidents.get(ended.name)
    if record is None or record.get("outcome", STOPPED) != STOPPED or record.get("told"):
        return {"tidied": False}
    error = {"Error": ended.error or ended.status, "Cause": ended.cause or ""}
    ending = Ending(incident=ended.name, runbook=runbook.runbook.name, outcome=STOPPED, error=error)
    if record["state"] == "open":
        _name_changes(incidents, ended.name)
        close_incident.handler.body(ending, aws)
    escalate.handler.body(ending, aws)
    incidents.update(ended.name, RECORD, {"told": True})
    logger.warning("tidied up", incident=ended.name, status=ended.status)
    return {"tidied": True}


def _name_changes(incidents: Incidents, incident: str) -> None:
    """Write down what was changed for the incident and is so still; of an interrupted change nobody knows."""
    for change in incidents.history(incident, "change#"):
        if change.get("undone") or change["before"] == change["after"]:
            continue
        told = {"fix": change["fix"], "before": readable(change["before"]), "after": readable(change["after"])}
        incidents.note(incident, say(LEFT[change["state"]], **told))
