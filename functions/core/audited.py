"""What an audit looks at: each of its checks, once or once in each region; and what was found, by check and region."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from functions.core.diagnosis import Findings
from functions.core.drilled import Look
from functions.core.failure import explain
from functions.core.results import Finding
from statemachines.audit_model import CHECKOUT, Audit
from statemachines.model import Service


class Place(NamedTuple):
    """A check of an audit by its name there, and the region where it looks; "" where it has but one place."""

    check: str
    region: str

    @property
    def called(self) -> str:
        """Name the look, as its state and its finding are called."""
        return f"{self.check} {self.region}".strip()


def places(audit: Audit, regions: list[str]) -> list[Place]:
    """List where there is to look, those of a region one after the other."""
    found = [Place(name, region) for name, use in audit.checks.items() for region in use.in_regions(regions)]
    return sorted(found, key=lambda place: place.region)


def looks(service: Service, audit: Audit, regions: list[str], checkout: str | None = None) -> dict[str, Look]:
    """List what there is to look at, by its name; what is local only where there is a checkout."""
    found: dict[str, Look] = {}
    for place in places(audit, regions):
        use = audit.checks[place.check]
        if use.local and checkout is None:
            continue
        parameters = use.filled(service, region=place.region, **{CHECKOUT: checkout or ""})
        found[place.called] = Look(use.check, use.with_, parameters, [])
    return found


class Seen:
    """What an audit's checks found, in all regions."""

    def __init__(
        self, audit: Audit, regions: list[str], answers: Mapping[str, Any], questions: Mapping[str, dict[str, str]]
    ) -> None:
        """Take findings, or the errors of checks that failed, by the names of the looks; questions by the checks'."""
        self.places = places(audit, regions)
        asked = {place.called: questions[place.check] for place in self.places}
        self.findings = Findings({name: answers.get(name) for name in asked}, asked)
        failed = {name: answer for name, answer in answers.items() if answer and "signals" not in answer}
        self.errors = {name: explain(answer) for name, answer in failed.items()}

    def of(self, check: str) -> Iterator[tuple[Place, Finding]]:
        """Give what a check found, region by region."""
        for place in self.places:
            if place.check == check:
                yield place, self.findings.by_name[place.called]

    def at(self, signal: str, region: str) -> bool | None:
        """Answer a signal, written check.signal, in a region."""
        check, _, question = signal.partition(".")
        return self.findings.by_name[Place(check, region).called].signals.get(question)

    def together(self, signals: Iterable[str], region: str) -> bool | None:
        """Say whether some signals are all true in a region; unknown where none is false, and one is unknown."""
        answers = [self.at(signal, region) for signal in signals]
        return False if False in answers else None if None in answers else True

    def error(self, signal: str, region: str) -> str:
        """Say why the check of a signal failed in a region; empty where it did not."""
        return self.errors.get(Place(signal.partition(".")[0], region).called, "")

    def everywhere(self, signal: str) -> bool:
        """Say whether a signal, written check.signal, is known to be true in every region."""
        check, _, question = signal.partition(".")
        return all(finding.signals.get(question) for _, finding in self.of(check))

    def somewhere_false(self, signal: str) -> bool:
        """Say whether a signal, written check.signal, is known to be false in a region."""
        check, _, question = signal.partition(".")
        return any(finding.signals.get(question) is False for _, finding in self.of(check))
