"""From findings to ranked causes: deterministic, and every conclusion with its evidence for and against."""

from typing import Any, Literal

from pydantic import BaseModel

from functions.core import levels
from functions.core.failure import explain
from functions.core.language import say, translated
from functions.core.results import Finding
from functions.core.template import fill, readable
from statemachines.model import Awaiting, Cause, Runbook

Standing = Literal["confirmed", "possible", "ruled out"]
ORDER: tuple[Standing, ...] = ("confirmed", "possible", "ruled out")


class RankedCause(BaseModel):
    """A cause, how certain it is, and the signals that say so, each as a sentence."""

    name: str
    title: str
    standing: Standing
    supporting: list[str]
    opposing: list[str]
    unknown: list[str]
    manual: str
    level: str = ""


class Diagnosis(BaseModel):
    """All causes of a runbook, ranked.

    `healthy` is True, False, or None where what the validation asks could not be read. `level` is how bad it is:
    normal, warning, degraded, critical or unknown; empty where the runbook does not say.
    """

    healthy: bool | None
    level: str = ""
    causes: list[RankedCause]
    summaries: dict[str, str]
    evidence: dict[str, list[str]]

    @property
    def confirmed(self) -> list[RankedCause]:
        """The causes that the evidence proves."""
        return [cause for cause in self.causes if cause.standing == "confirmed"]

    @property
    def may_be_worse(self) -> bool:
        """Whether a cause of a higher level than this one could not be ruled out."""
        return bool(self.level) and levels.may_be_worse(self.level, _weights(self.causes))

    @property
    def level_said(self) -> str:
        """The level as a person reads it; empty where the runbook does not say."""
        return levels.said(self.level, at_least=self.may_be_worse)

    @property
    def leveled(self) -> dict[str, Any]:
        """How bad it is, whether it may be worse, and what to do about it, as reports tell it."""
        todo = [f"{cause.title}: {cause.manual}" for cause in self.urgent]
        return {"level": self.level, "may_be_worse": self.may_be_worse, "todo": todo}

    @property
    def urgent(self) -> list[RankedCause]:
        """The confirmed causes that have a level, the worst first."""
        leveled = [cause for cause in self.confirmed if cause.level]
        return sorted(leveled, key=lambda cause: -levels.LEVELS.index(cause.level))

    @property
    def headline(self) -> str:
        """The diagnosis in one sentence."""
        if self.healthy:
            return say("The service is healthy")
        titles = [cause.title for cause in self.confirmed]
        return "; ".join(titles) if titles else say("No cause could be confirmed")


class Findings:
    """The findings of one diagnosis, by the runbook's names for its checks."""

    def __init__(self, answers: dict[str, Any], questions: dict[str, dict[str, str]]) -> None:
        """Take what the state machine gathered: findings, or the errors of checks that failed.

        Args:
            answers: finding or `{"error": …, "cause": …}` by name.
            questions: the signals of each check, as sentences, by name.
        """
        self.questions = questions
        self.by_name = {name: _finding(name, answers.get(name)) for name in questions}

    def signal(self, signal: str) -> bool | None:
        """Answer one signal; unknown unless a check said otherwise."""
        name, _, question = signal.partition(".")
        return self.by_name[name].signals.get(question) if name in self.by_name else None

    def sentence(self, signal: str) -> str:
        """Write a signal, its answer and what the check saw, as a person reads it."""
        name, _, question = signal.partition(".")
        asked = translated(self.questions[name][question])
        answers = {
            True: asked,
            False: say("Not so: {sentence}", sentence=asked),
            None: say("Unknown: {sentence}", sentence=asked),
        }
        return f"{answers[self.signal(signal)]} ({self.by_name[name].summary})"

    def fact(self, name: str) -> Any:
        """Look up a fact, written check.fact; None when it is not known."""
        source, _, fact = name.partition(".")
        return self.by_name[source].facts.get(fact) if source in self.by_name else None


def diagnose(runbook: Runbook, findings: Findings, resources: dict[str, Any]) -> Diagnosis:
    """Rank the causes: confirmed, possible, ruled out; among equals in the runbook's order."""
    ranked = [_rank(cause, findings, resources) for cause in runbook.causes]
    ranked.sort(key=lambda cause: ORDER.index(cause.standing))
    well = healthy(runbook, findings)
    return Diagnosis(
        healthy=well,
        level=levels.told(_weights(ranked), healthy=well),
        causes=ranked,
        summaries={name: finding.summary for name, finding in findings.by_name.items()},
        evidence={name: finding.evidence for name, finding in findings.by_name.items() if finding.evidence},
    )


def broken(runbook: Runbook, findings: Findings) -> list[str]:
    """List the signals of the validation that are known to be true."""
    return [signal for signal in runbook.validation.signals if findings.signal(signal)]


def healthy(runbook: Runbook, findings: Findings) -> bool | None:
    """Say whether all signals of the validation are known to be false."""
    if broken(runbook, findings):
        return False
    return None if None in map(findings.signal, runbook.validation.signals) else True


def awaited(runbook: Runbook, diagnosis: Diagnosis) -> Awaiting | None:
    """Return what the fixes of the confirmed causes only set going; None where their effect shows by itself."""
    by_name = {cause.name: cause for cause in runbook.causes}
    return next((wait for cause in diagnosis.confirmed if (wait := by_name[cause.name].awaits)), None)


def lookup(findings: Findings, resources: dict[str, Any], name: str) -> Any:
    """Give a name in a text its value: a fact where it has a dot, else a resource of the service."""
    return findings.fact(name) if "." in name else resources[name]


def _weights(causes: list[RankedCause]) -> list[levels.Weight]:
    return [levels.Weight(cause.level, cause.standing) for cause in causes]


def _rank(cause: Cause, findings: Findings, resources: dict[str, Any]) -> RankedCause:
    for_it = [*cause.confirmed_by, *cause.supported_by]
    return RankedCause(
        name=cause.name,
        title=translated(cause.title),
        standing=_standing(cause, findings),
        supporting=[findings.sentence(signal) for signal in for_it if findings.signal(signal)],
        opposing=[  # what rules it out comes first
            *(findings.sentence(signal) for signal in cause.ruled_out_by if findings.signal(signal)),
            *(findings.sentence(signal) for signal in for_it if findings.signal(signal) is False),
        ],
        unknown=[findings.sentence(signal) for signal in cause.signals if findings.signal(signal) is None],
        manual=readable(fill(translated(cause.manual), lambda name: lookup(findings, resources, name))).strip(),
        level=cause.level or "",
    )


def _standing(cause: Cause, findings: Findings) -> Standing:
    needed = [findings.signal(signal) for signal in cause.confirmed_by]
    against = [findings.signal(signal) for signal in cause.ruled_out_by]
    if any(against) or False in needed:
        return "ruled out"
    return "confirmed" if all(needed) and None not in against else "possible"


def _finding(name: str, answer: Any) -> Finding:
    if isinstance(answer, dict) and "signals" in answer:
        return Finding.model_validate(answer)
    why = explain(answer) if isinstance(answer, dict) and answer else say("no answer")
    return Finding(summary=say("unknown: the check {name} failed: {why}", name=name, why=why))
