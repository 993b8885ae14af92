"""What runbooks rely on and is no longer as their files say: what, where it stands, what to do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from functions.core import stops
from functions.core.aws import Session
from functions.core.diagnosis import Findings
from functions.core.drilled import Look
from functions.core.failure import explain
from functions.core.language import say, translated
from functions.core.template import names
from statemachines.model import Service


class Stale(BaseModel):
    """One thing that is stale."""

    what: str
    where: str
    todo: str


def failing(looks: Mapping[str, Look], answers: Mapping[str, Any]) -> Iterator[Stale]:
    """Say which checks fail, once for those that fail on the same, and what they are given that does not exist."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name in looks:
        answer = answers.get(name) or {"error": "", "cause": say("no answer")}
        if "signals" not in answer:
            alike.setdefault((answer["error"], explain({"cause": answer["cause"]})), []).append(name)
    for (error, why), failed in alike.items():
        if "NotFound" in error:  # ours, and what AWS's own are called
            yield _gone(looks, failed, why)
        else:
            yield _broken(looks, failed, ": ".join(filter(None, [error, why])))


def unknown(findings: Findings, looks: Mapping[str, Look]) -> Iterator[Stale]:
    """Say which questions a check could not answer, though it did not fail."""
    for name, finding in findings.by_name.items():
        open_ = [question for question, answer in finding.signals.items() if answer is None]
        if open_:
            asked = "; ".join(translated(findings.questions[name][question]) for question in open_)
            yield Stale(
                what=say("Unknown: {questions}", questions=asked),
                where=say("{checks}, which says: {summary}", checks=_uses(looks, [name]), summary=finding.summary),
                todo=say("Find out what it cannot see: as long as that is so, no incident can tell either."),
            )


def unreached(silent: Mapping[str, list[str]]) -> Iterator[Stale]:
    """Say who hears nothing of which topics, by the topic's ARN."""
    for mail in sorted({mail for people in silent.values() for mail in people}):
        yield Stale(
            what=say("{approver} has not confirmed their subscription: mail does not reach them", approver=mail),
            where=say(
                "SNS topics {topics}", topics=", ".join(topic for topic, people in silent.items() if mail in people)
            ),
            todo=say(
                "Have the link in SNS's mail opened; its console sends it again (Request confirmation). Where it lists "
                "no such subscription any more, deploy once without {approver} in the service's file, and once with.",
                approver=mail,
            ),
        )


def unstoppable(aws: Session, service: Service) -> Iterator[Stale]:
    """Say why it is not known whether somebody has pulled a kill switch."""
    if why := stops.unreadable(aws, service.name):
        yield Stale(
            what=why,
            where=say("SSM parameters {names}", names=", ".join(stops.switches(service.name))),
            todo=say("Make the parameter again, with the value {go}, or let it be read.", go=stops.GO),
        )


def _gone(looks: Mapping[str, Look], failed: list[str], why: str) -> Stale:
    named = dict.fromkeys(word for name in failed for word in _words(looks[name], why))
    where = say("{words}, given to {checks}", words=", ".join(named), checks=_uses(looks, failed))
    return Stale(
        what=why,
        where=where if named else _uses(looks, failed),
        todo=say("Correct it there, or create what is missing; then deploy the service."),
    )


def _broken(looks: Mapping[str, Look], failed: list[str], why: str) -> Stale:
    return Stale(
        what=say("A check fails: {why}", why=why),
        where=_uses(looks, failed),
        todo=say("Read the log of its function; an incident would find it unknown too."),
    )


def _words(look: Look, sentence: str) -> Iterator[str]:
    """Name the words of the files that gave a check those of its parameters that a sentence is about."""
    for parameter, value in look.parameters.items():
        if value and re.search(rf"(?<![\w./-]){re.escape(str(value))}(?![\w/-])", sentence):
            given = sorted(names(look.written[parameter]))
            runbook, name = look.uses[0]
            yield from (f"resources.{one}" for one in given)
            if not given:
                yield f"{runbook}.checks.{name}.with.{parameter}"


def _uses(looks: Mapping[str, Look], chosen: Iterable[str]) -> str:
    """Name checks as their runbooks do: `webhook_unavailable: service, tasks; targets_missing: service`."""
    by_runbook: dict[str, list[str]] = {}
    for look in chosen:
        for runbook, name in looks[look].uses:
            by_runbook.setdefault(runbook, []).append(name)
    return "; ".join(f"{runbook}: {', '.join(found)}" for runbook, found in sorted(by_runbook.items()))
