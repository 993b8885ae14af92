"""A runbook's checklist, filled in with what its checks saw: line by line a mark, a value, and what is normal."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from functions.core.diagnosis import Findings
from functions.core.language import marked, say, translated
from functions.core.template import fill, readable
from statemachines.compiled import Compiled
from statemachines.model import Item

OK, WARNING, WRONG, UNKNOWN = "ok", "warning", "wrong", "unknown"
WORDS = {OK: marked("ok"), WARNING: marked("warning"), WRONG: marked("not ok"), UNKNOWN: marked("unknown")}

UNITS = {"Percent": " %", "Seconds": " s", "Count": ""}


class Line(BaseModel):
    """One line; `mark` is ok, warning, wrong or unknown."""

    title: str
    mark: str
    value: str
    normal: str

    @property
    def said(self) -> str:
        """The mark as a person reads it."""
        return translated(WORDS[self.mark])


def lines(runbook: Compiled, findings: Findings, averages: Mapping[str, float]) -> list[Line]:
    """Fill the checklist in.

    Args:
        runbook: whose it is.
        findings: what its checks saw.
        averages: those of the last day, by the metric's name; one that is missing is not known.
    """
    return [_line(runbook, item, findings, averages) for item in runbook.runbook.checklist]


def numbers(runbook: Compiled, findings: Findings) -> dict[tuple[str, str], float]:
    """Read the numbers that are kept as metrics, by name and unit; those that are known."""
    metrics = [item.metric for item in runbook.runbook.checklist if item.metric]
    found = {(one.name, one.unit): findings.fact(one.fact) for one in metrics}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}


def _line(runbook: Compiled, item: Item, findings: Findings, averages: Mapping[str, float]) -> Line:
    def given(name: str) -> Any:
        check, dot, parameter = name.partition(".")
        resources = runbook.service.resources
        return fill(runbook.runbook.checks[check].with_[parameter] if dot else resources[name], resources.__getitem__)

    def seen(name: str) -> Any:
        return findings.fact(name) if "." in name else runbook.service.resources[name]

    mark, value = _marked(item, findings), readable(fill(translated(item.value), seen))
    if item.least and item.metric:
        average = averages.get(item.metric.name)
        mark = UNKNOWN if average is None else _grade(average, *item.least)
        value = f"{average or 0:.1f}{UNITS[item.metric.unit]}"
    return Line(
        title=translated(item.title),
        mark=mark,
        value=say("unknown") if mark == UNKNOWN else value,
        normal=readable(fill(translated(item.normal), given)),
    )


def _marked(item: Item, findings: Findings) -> str:
    alert, warning = ([findings.signal(one) for one in found] for found in (item.alert, item.warning))
    if any(alert):
        return WRONG
    if None in alert:
        return UNKNOWN
    if any(warning):
        return WARNING
    return UNKNOWN if None in warning else OK


def _grade(average: float, ok: float, warning: float) -> str:
    return OK if average >= ok else WARNING if average >= warning else WRONG
