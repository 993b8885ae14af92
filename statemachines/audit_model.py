"""What an audit's file may say: checks, and the rows of a checklist that they judge. Any other word is an error."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from functions.core.template import fill, names
from statemachines.model import CheckUse, Model, Name, Service, Signal

PLACES = {"account", "region", "service"}  # what a check's parameters may name beside the service's resources
CHECKOUT = "checkout"


class AuditCheck(CheckUse):
    """One check of an audit: looked at once, or once per region; a local one only where there is a checkout."""

    per: Literal["region"] | None = None
    local: bool = False

    @model_validator(mode="after")
    def _in_its_place(self) -> "AuditCheck":
        if (self.per == "region") != ("region" in names(self.with_)):
            raise ValueError(f"{self.check}: `per: region` and {{region}} belong together")
        if self.local != (CHECKOUT in names(self.with_)):
            raise ValueError(f"{self.check}: `local: true` and {{{CHECKOUT}}} belong together")
        return self

    def in_regions(self, regions: list[str]) -> list[str]:
        """List where it looks; "" for a place of its own."""
        return regions if self.per else [""]

    def filled(self, service: Service, **given: str) -> dict[str, Any]:
        """Fill in the parameters for one region or checkout."""
        known = service.resources | {"account": service.account, "service": service.name} | given
        return dict(fill(self.with_, known.__getitem__))


class AttestedFact(Model):
    """What only people know, and for how many days their word counts."""

    title: str
    days: Annotated[int, Field(ge=1, le=3650)]


class Row(Model):
    """One line of the checklist.

    NOK where one signal of `wrong`, each with what to do then, is true in any region; one with other signals under
    `unless` does not count in a region where all of these are true, as alarms on databases where there are none. OK
    where all of `wrong` are false everywhere, each signal of `nothing` is false in some region, and everything in
    `attested` is. Else to do.
    """

    name: Name
    title: str
    means: str
    wrong: dict[Signal, str] = Field(default_factory=dict)
    unless: dict[Signal, Annotated[list[Signal], Field(min_length=1)]] = Field(default_factory=dict)
    nothing: list[Signal] = Field(default_factory=list)
    attested: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _can_be_judged(self) -> "Row":
        for signal in self.unless.keys() - self.wrong.keys():
            raise ValueError(f"row {self.name}: {signal} stands under unless and not under wrong")
        if not self.wrong and not self.attested:
            raise ValueError(f"row {self.name} needs wrong or attested: nothing could ever prove it good")
        return self


class Audit(Model):
    """A checklist that is computed: it changes nothing."""

    name: Name
    title: str
    source: str
    checks: Annotated[dict[Name, AuditCheck], Field(min_length=1)]
    rows: Annotated[list[Row], Field(min_length=1)]
    attestations: dict[Name, AttestedFact] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> "Audit":
        for row in self.rows:
            for signal, excuse in ((wrong, one) for wrong, excuses in row.unless.items() for one in excuses):
                if self._per(signal) != self._per(excuse):
                    raise ValueError(f"row {row.name}: {signal} and {excuse} are not looked at in the same places")
        named = [name for row in self.rows for name in row.attested]
        for name in sorted(set(named) ^ self.attestations.keys()):
            raise ValueError(
                f"{name} is to be attested by a row and described under attestations: one of them is missing"
            )
        titles = [row.name for row in self.rows]
        for name in titles:
            if titles.count(name) > 1:
                raise ValueError(f"two rows are called {name}")
        return self

    def _per(self, signal: str) -> str | None:
        check = self.checks.get(signal.partition(".")[0])
        return check.per if check else None

    @property
    def resources(self) -> set[str]:
        """The service's resources that its checks need."""
        return names([use.with_ for use in self.checks.values()]) - PLACES - {CHECKOUT}

    @property
    def deployed(self) -> Mapping[str, AuditCheck]:
        """The checks that functions make."""
        return {name: use for name, use in self.checks.items() if not use.local}
