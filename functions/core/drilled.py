"""What a drill or a watch looks at: every check that some runbooks make, each with the same parameters once."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from functions.core.diagnosis import Findings
from functions.core.template import names
from statemachines.compiled import Compiled
from statemachines.model import Runbook, Service


class Look(NamedTuple):
    """A check with its parameters, as the runbook's file writes them and filled in.

    `uses` are the runbooks that make it, each with its own name for it.
    """

    check: str
    written: dict[str, Any]
    parameters: dict[str, Any]
    uses: list[tuple[str, str]]


def looks(service: Service, runbooks: Iterable[Runbook]) -> dict[str, Look]:
    """List what there is to look at, by the runbook's name for it; two that would be called alike name the runbook."""
    found: dict[str, Look] = {}
    for runbook in sorted(runbooks, key=lambda one: one.name):
        for name, use in runbook.checks.items():
            parameters = use.parameters(service.resources)
            same = json.dumps([use.check, parameters], sort_keys=True)
            found.setdefault(same, Look(use.check, use.with_, parameters, [])).uses.append((runbook.name, name))
    called = Counter(look.uses[0][1] for look in found.values())
    return {_name(*look.uses[0], alone=called[look.uses[0][1]] == 1): look for look in found.values()}


def questions(runbooks: Iterable[Compiled], looked: Mapping[str, Look]) -> dict[str, dict[str, str]]:
    """Return the signals of each check, as sentences, by the name that it has here."""
    asked = {one.runbook.name: one.questions for one in runbooks}
    uses = {name: look.uses[0] for name, look in looked.items()}
    return {name: asked[runbook][check] for name, (runbook, check) in uses.items()}


def findings(runbook: Compiled, looked: Mapping[str, Look], answers: Mapping[str, Any]) -> Findings:
    """Return what was found as one of the runbooks would have found it, by its own names for its checks."""
    given = {use: answers.get(name) for name, look in looked.items() for use in look.uses}
    return Findings({name: given[runbook.runbook.name, name] for name in runbook.questions}, runbook.questions)


def unseen(runbooks: Iterable[Runbook]) -> list[str]:
    """List the resources that no check is given: whether they still exist is not known before a fix needs them."""
    every = list(runbooks)
    seen = names([use.with_ for runbook in every for use in runbook.checks.values()])
    return sorted({name for runbook in every for name in runbook.resources} - seen)


def _name(runbook: str, name: str, *, alone: bool) -> str:
    return name if alone else f"{name} of {runbook}"
