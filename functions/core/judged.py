"""What is wrong with resources of a list: a verdict on each, where None is unknown, and what that says of them all."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from functions.core import listed
from functions.core.language import say
from functions.core.listed import Listed
from functions.core.results import Finding

Verdict = bool | None


class Rule(NamedTuple):
    """Whether a resource is wrong in one way, and what a person reads of one that is, or of which it is unknown."""

    wrong: Callable[[Any], Verdict]
    told: Callable[[Any], str]


class Judged(NamedTuple):
    """Resources' names; the signals, `none` among them; how many are wrong, by signal; and a line for each that is."""

    names: list[str]
    signals: dict[str, Verdict]
    counts: dict[str, int]
    evidence: list[str]

    def finding(self, told: str, nothing: str, *lists: Listed[Any], **values: object) -> Finding:
        """Return it as a check's answer.

        Args:
            told: the summary, a marked text with the count, the count of each signal, and the values in its braces.
            nothing: what to say instead where there is no such resource.
            lists: all that were read; the summary says where one was cut.
            values: of the summary.
        """
        count = len(self.names)
        summary = say(told, count=count, **self.counts, **values) if count else nothing
        whole, facts = all(one.whole for one in lists), {"count": count, "ids": self.names}
        return Finding(
            summary=listed.told(summary, whole=whole), signals=self.signals, facts=facts, evidence=self.evidence
        )


def judged(found: Listed[Any], name: str, rules: Mapping[str, Rule]) -> Judged:
    """Judge resources, which have their names in a field of this name, by the rules for each signal.

    Of the evidence only the first lines are kept: those of the signals take turns, so that each signal has its own.
    """
    said = [(one, {signal: rule.wrong(one) for signal, rule in rules.items()}) for one in found.found]

    def lines(asked: Verdict) -> list[str]:
        found, before = list[tuple[int, str]](), Counter[str]()
        for one, verdicts in said:
            so = [signal for signal, verdict in verdicts.items() if verdict is asked]
            if so:
                turn = min(before[signal] for signal in so)
                found.append((turn, f"{one[name]}: {', '.join(rules[signal].told(one) for signal in so)}"))
            before.update(so)
        return [line for _, line in sorted(found, key=lambda one: one[0])]

    by_signal = {signal: [verdicts[signal] for _, verdicts in said] for signal in rules}
    return Judged(
        names=[one[name] for one in found.found],
        signals={signal: listed.proven(of_all, whole=found.whole) for signal, of_all in by_signal.items()}
        | {"none": found.none},
        counts={signal: verdicts.count(True) for signal, verdicts in by_signal.items()},
        evidence=[*lines(asked=True), *(say("unknown: {line}", line=line) for line in lines(asked=None))],
    )


def field(name: str, wrong: Callable[[Any], Verdict]) -> Rule:
    """Judge by one field of AWS's answer, which is told with its name."""
    return Rule(lambda one: wrong(one[name]), lambda one: f"{name} {one[name]}")
