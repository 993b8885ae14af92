"""Reports a watch: how the service is, in a word and in numbers that alarms watch; and once a day by mail."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from functions.core import checklist, mail, occasions, watched
from functions.core.aws import Session
from functions.core.checklist import Line
from functions.core.diagnosis import Diagnosis, RankedCause, diagnose
from functions.core.drilled import findings, looks
from functions.core.incidents import Incidents
from functions.core.language import say, translated
from functions.core.levels import LEVELS
from functions.core.permissions import allow
from functions.core.results import Parameters
from functions.core.step import step
from functions.workflow.target_lock import changing
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import WATCH, Runbook, Service


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

    While an incident changes the service no runbook is called for: what is seen then is what the change makes of it.

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
    incidents = Incidents(aws)
    called_for = dict.fromkeys(service.watched) if changing(incidents, service.name) else _called_for(mine, found)
    due = [item.metric.name for item in telling.runbook.checklist if event.daily and item.least and item.metric]
    report: dict[str, list[Any]] = {
        "lines": checklist.lines(telling, what, watched.averages(aws, service, due)),
        "incidents": _open(incidents, every) if event.daily else [],
    }
    told = _tell(aws, service, diagnosis, **report) if event.daily else []
    watched.count(service.name, diagnosis, called_for, checklist.numbers(telling, what))
    return _report(event, service, diagnosis, called_for, report) | {"told": told}


def _called_for(mine: Mapping[str, Compiled], found: Mapping[str, Diagnosis]) -> dict[str, bool | None]:
    """Say which runbooks are called for; one that only tells people, where others do not see to all of it."""
    calls = {name: watched.needed(found[name]) for name in next(iter(mine.values())).service.watched}
    others = [name for name, call in calls.items() if call and not mine[name].runbook.only_looks]
    seen_to = {sign for name in others for sign in _signs(mine[name].runbook, found[name].confirmed)}
    return {
        name: call and not (mine[name].runbook.only_looks and _covered(mine[name].runbook, found[name], seen_to))
        for name, call in calls.items()
    }


def _covered(telling: Runbook, diagnosis: Diagnosis, seen_to: set[str]) -> bool:
    """Say whether others see to it: what is only degraded may come from that; what is critical has to show in it."""
    critical = [cause for cause in diagnosis.urgent if cause.level == LEVELS[-1]]
    return bool(seen_to) and all(seen_to & _signs(telling, [cause]) for cause in critical)


def _signs(runbook: Runbook, causes: Iterable[RankedCause]) -> set[str]:
    """Name what causes show in: checks with their signals, whatever a runbook calls the check."""
    by_name = {cause.name: cause for cause in runbook.causes}
    shown = [by_name[cause.name].confirmed_by + by_name[cause.name].supported_by for cause in causes]
    signals = [one.partition(".") for one in chain.from_iterable(shown)]
    return {f"{runbook.checks[name].check}.{signal}" for name, _, signal in signals}


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


def _open(incidents: Incidents, every: list[Compiled]) -> list[dict[str, str]]:
    """List the incidents at work now, one a runbook at most."""
    found = []
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
