"""Reports a drill: mails what is stale, nothing where nothing is; and counts that it ran, which an alarm waits for."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions.core import mail, stale
from functions.core.aws import Session
from functions.core.diagnosis import Findings, healthy
from functions.core.drilled import Look, findings, looks, questions, unseen
from functions.core.language import say, say_many, translated
from functions.core.permissions import allow
from functions.core.results import Parameters
from functions.core.step import step
from functions.core.subscriptions import unconfirmed
from statemachines import compiled
from statemachines.compiled import Compiled
from statemachines.model import DRILL, Service

TOPICS = ("NOTIFICATIONS_TOPIC", "OPERATIONS_TOPIC")


class Drilled(Parameters):
    """The drill, which is its execution's name, and what its checks found."""

    drill: str
    findings: dict[str, Any]


@step(
    allow("sns:ListSubscriptionsByTopic", "sns:Publish", on="{topic}"),
    allow("sns:ListSubscriptionsByTopic", "sns:Publish", on="{operations}"),
    allow("ssm:GetParameters", on="{switches}"),
)
def handler(event: Drilled, aws: Session) -> dict[str, Any]:
    """Tell every approver what is stale, and where one cannot be told, everybody who hears of the automation's alarms.

    Returns:
        The report: service, drill, the result in a sentence, what is stale, who was told, whose service is not well at
        this moment, what each check saw, and which resources no check is given.
    """
    runbooks = compiled.read_all()
    service, every = runbooks[0].service, [one.runbook for one in runbooks]
    looked = looks(service, every)
    seen = Findings(event.findings, questions(runbooks, looked))
    silent = {topic: unconfirmed(aws, topic, service.approvers) for topic in (os.environ[one] for one in TOPICS)}
    found = [
        *stale.failing(looked, event.findings),
        *stale.unknown(seen, looked),
        *stale.unreached(silent),
        *stale.unstoppable(aws, service),
    ]
    unwell = _unwell(runbooks, looked, event.findings)
    result = _result(len(found))
    told = _tell(aws, service, silent, found=found, unwell=unwell, result=result) if found else []
    _count(service.name, len(found))
    return {
        "service": service.name,
        "drill": event.drill,
        "result": result,
        "stale": [one.model_dump() for one in found],
        "told": told,
        "unwell": unwell,
        "seen": {name: finding.summary for name, finding in seen.by_name.items()},
        "unseen": unseen(every),
    }


def _unwell(runbooks: list[Compiled], looked: Mapping[str, Look], answers: Mapping[str, Any]) -> list[str]:
    """Name the runbooks that something is wrong for now: part of what is stale may be that."""
    return [
        translated(one.runbook.title)
        for one in runbooks
        if healthy(one.runbook, findings(one, looked, answers)) is False
    ]


def _result(found: int) -> str:
    return say_many("{count} thing is stale", "{count} things are stale", found) if found else say("Nothing is stale")


def _tell(aws: Session, service: Service, silent: Mapping[str, list[str]], **shown: Any) -> list[str]:
    """Mail everybody who can be mailed; where an approver cannot, say it where the automation's alarms are heard."""
    deaf = silent[os.environ["NOTIFICATIONS_TOPIC"]]
    told = [approver for approver in service.approvers if approver not in deaf]
    subject = say("[{service}] Drill: {result}", service=service.name, result=shown["result"])
    machine = service.state_machine_name(DRILL)
    content = {"subject": subject, "template": "drill.txt", "service": service, "machine": machine, **shown}
    for approver in told:
        mail.send(aws, approver, **content)
    if deaf:
        mail.announce(aws, **content)
    return told


def _count(service: str, found: int) -> None:
    metrics = Metrics(namespace="Runbooks", service=service)
    metrics.add_metric("Drill", MetricUnit.Count, 1)
    metrics.add_metric("Stale", MetricUnit.Count, found)
    metrics.flush_metrics()
