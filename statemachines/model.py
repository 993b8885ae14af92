"""What a runbook file and a service file may say. A word that is not here is an error."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from functions.core.template import names

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Signal = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9-]*$")]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


LONGEST_VALIDATION = 1800


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


class Model(BaseModel):
    """Base of everything read from a file: unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckUse(Model):
    """One check of a runbook, under the runbook's own name for it, with its parameters."""

    check: Name
    with_: dict[str, Any] = Field(alias="with")


class FixUse(Model):
    """One fix of a cause, with its parameters and how the change reads: texts with facts and parameters in braces."""

    fix: Name
    with_: dict[str, Any] = Field(alias="with")
    before: str
    after: str


class Cause(Model):
    """What may be wrong.

    Confirmed when every signal of `confirmed_by` is true, ruled out when one of them is false or one of `ruled_out_by`
    is true, possible otherwise. `supported_by` is what a person would also see if it is this one. Carries its fixes, or
    what a person has to do.
    """

    name: Name
    title: str
    confirmed_by: Annotated[list[Signal], Field(min_length=1)]
    supported_by: list[Signal] = []
    ruled_out_by: list[Signal] = []
    fix: list[FixUse] = []
    manual: str = ""

    @model_validator(mode="after")
    def _fix_or_manual(self) -> "Cause":
        if bool(self.fix) == bool(self.manual):
            raise ValueError(f"cause {self.name} needs either fix or manual")
        return self

    @property
    def signals(self) -> list[str]:
        """Every signal that the cause looks at."""
        return [*self.confirmed_by, *self.supported_by, *self.ruled_out_by]


class Validation(Model):
    """When the service is healthy: every one of these signals is false; looked at `every` seconds, `attempts` times."""

    signals: Annotated[list[Signal], Field(min_length=1)]
    every: Annotated[int, Field(ge=1, le=3600)]
    attempts: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _within_the_lock(self) -> "Validation":
        if self.every * self.attempts > LONGEST_VALIDATION:
            raise ValueError(
                f"every x attempts is {self.every * self.attempts} seconds; at most {LONGEST_VALIDATION} are allowed, "
                "because the target stays locked for an hour"
            )
        return self


class Runbook(Model):
    """One procedure: symptoms, checks, causes in order of likelihood, and how to see that it worked."""

    name: Name
    title: str
    source: str
    symptoms: list[str]
    checks: Annotated[dict[Name, CheckUse], Field(min_length=1)]
    causes: Annotated[list[Cause], Field(min_length=1)]
    validation: Validation

    @property
    def fixes(self) -> list[FixUse]:
        """Every fix of every cause, in order."""
        return [use for cause in self.causes for use in cause.fix]

    @property
    def validating(self) -> dict[str, CheckUse]:
        """The checks that the validation repeats."""
        wanted = {signal.partition(".")[0] for signal in self.validation.signals}
        return {name: use for name, use in self.checks.items() if name in wanted}

    @property
    def resources(self) -> set[str]:
        """The names of a service's resources that checks and fixes are given, and that texts mention."""
        given = [*(use.with_ for use in self.checks.values()), *(use.with_ for use in self.fixes)]
        texts = [
            *(text for use in self.fixes for text in (use.before, use.after)),
            *(one.manual for one in self.causes),
        ]
        return {name for name in names([given, texts]) if "." not in name}


class Alarm(Model):
    """An alarm that starts a runbook: one of our kinds, created with the service, or the name of an existing one."""

    kind: Literal["load-balancer-5xx", "unhealthy-hosts"] | None = None
    existing: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Alarm":
        if (self.kind is None) == (self.existing is None):
            raise ValueError("an alarm needs either kind (we create it) or existing (its name)")
        return self


class RunbookUse(Model):
    """How a service uses a runbook: what starts it, and which resources an engineer may name otherwise by hand."""

    alarms: list[Alarm] = []
    events: list[Literal["ecs-task-stopped", "ecs-deployment-failed"]] = []
    overrides: dict[Name, Annotated[str, AfterValidator(_compiles)]] = {}


class ApprovalPolicy(Model):
    """Who decides, and how long the question stays open."""

    timeout: Annotated[timedelta, Field(gt=timedelta(0), le=timedelta(days=7))]
    policy: Literal["one-approver", "automatic"] = "one-approver"


class Service(Model):
    """One system under care."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=24)]
    title: str
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    approvers: Annotated[list[Mail], Field(min_length=1)]
    approval: ApprovalPolicy
    resources: dict[Name, Any]
    runbooks: Annotated[dict[Name, RunbookUse], Field(min_length=1)]

    def alarm_name(self, alarm: Alarm) -> str:
        """Return the alarm's name on AWS."""
        return alarm.existing or f"{self.name}-{alarm.kind}"

    def state_machine_name(self, runbook: str) -> str:
        """Return the name on AWS of the state machine of one of the runbooks."""
        return f"{self.name}-{runbook.replace('_', '-')}"

    def state_machine_arn(self, runbook: str) -> str:
        """Return the ARN of the state machine of one of the runbooks."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.state_machine_name(runbook)}"

    @property
    def alarms(self) -> dict[str, str]:
        """The runbook that each alarm starts, by the alarm's name."""
        return {self.alarm_name(alarm): runbook for runbook, use in self.runbooks.items() for alarm in use.alarms}
