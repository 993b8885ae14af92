"""Reports a watch: how the service is, in a word and in numbers that alarms watch; and once a day by mail."""

from collections.abc import Mapping
from typing import Any

from functions.core import checklist, mail, occasions, watched
from functions.core.aws import Session
from functions.core.checklist import Line
from functions.core.diagnosis import Diagnosis, diagnose
from functions.core.drilled import findings, looks
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.permissions import allow
from functions.core.results import Parameters
from functions.core.step import step
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import WATCH, Service


class Watched(Parameters):
    """The watch, which is its execution's name; whether the day's mail is due; and what its checks found."""

    watch: str
    daily: bool
    findings: dict[str, Any]


@step(
    watched.AVERAGES,
    allow("sns:Publish", on="{topic}"),
    allow("dynamodb:GetItem", on="{table}"),
)
def handler(event: Watched, aws: Session) -> dict[str, Any]:
    """Tell the level and which runbooks are called for, in numbers; and mail the checklist where that is due.

    Returns:
        The report: service, watch, level, whether it may be worse, what is wrong and what to do about it, the
        checklist, whether each runbook that the watch starts is called for, the open incidents, and who was mailed.
    """
    every = compiled.read_all()
    service = every[0].service
    mine = {one.runbook.name: one for name in service.looked_at for one in every if one.runbook.name == name}
    looked = looks(service, [one.runbook for one in mine.values()])
    seen = {name: findings(one, looked, event.findings) for name, one in mine.items()}
    found = {name: diagnose(one.runbook, seen[name], service.resources) for name, one in mine.items()}
    telling = mine[service.looked_at[0]]
    diagnosis, what = found[telling.runbook.name], seen[telling.runbook.name]
    called_for = _called_for(mine, found)
    due = [item.metric.name for item in telling.runbook.checklist if event.daily and item.least and item.metric]
    report: dict[str, list[Any]] = {
        "lines": checklist.lines(telling, what, watched.averages(aws, service.name, due)),
        "incidents": _open(aws, every) if event.daily else [],
    }
    told = _tell(aws, service, diagnosis, **report) if event.daily else []
    watched.count(service.name, diagnosis, called_for, checklist.numbers(telling, what))
    return _report(event, service, diagnosis, called_for, report) | {"told": told}


def _called_for(mine: Mapping[str, Compiled], found: Mapping[str, Diagnosis]) -> dict[str, bool | None]:
    """Say which runbooks are called for; one that only tells people, where no other one sees to it."""
    calls = {name: watched.needed(found[name]) for name in next(iter(mine.values())).service.watched}
    seen_to = any(call for name, call in calls.items() if not mine[name].runbook.only_looks)
    return {name: call and not (seen_to and mine[name].runbook.only_looks) for name, call in calls.items()}


def _report(
    event: Watched,
    service: Service,
    diagnosis: Diagnosis,
    called_for: Mapping[str, bool | None],
    report: dict[str, list[Any]],
) -> dict[str, Any]:
    lines: list[Line] = report["lines"]
    return {
        "service": service.name,
        "watch": event.watch,
        **diagnosis.leveled,
        "checklist": [line.model_dump() for line in lines],
        "called_for": called_for,
        "incidents": report["incidents"],
    }


def _open(aws: Session, every: list[Compiled]) -> list[dict[str, str]]:
    """List the incidents at work now, one a runbook at most."""
    incidents, found = Incidents(aws), []
    for one in every:
        incident = occasions.holder(incidents, one)
        record = incidents.get(incident) if incident else None
        if record and record["state"] == "open":
            title = translated(one.runbook.title)
            found.append({"incident": incident, "title": title, "opened_at": record["opened_at"]})
    return found


def _tell(aws: Session, service: Service, diagnosis: Diagnosis, **shown: Any) -> list[str]:
    """Mail every approver."""
    for approver in service.approvers:
        mail.send(
            aws,
            approver,
            subject=say("[{service}] Today: {level}", service=service.name, level=diagnosis.level_said),
            template="watch.txt",
            service=service,
            diagnosis=diagnosis,
            machine=service.state_machine_name(WATCH),
            **shown,
        )
    return list(service.approvers)
