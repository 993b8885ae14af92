"""What a runbook file and a service file may say. A word that is not here is an error."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from functions.core.fields import Region
from functions.core.plan import Risk
from functions.core.template import fill, names

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)]
Signal = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9-]*$")]
Fact = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$")]
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Principal = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:(iam::\d{12}:user|sts::\d{12}:assumed-role)/\S+$")
]


LONGEST_VALIDATION = 1800
MIN_RUNGS = 2
OPENED, LONG_AGO = "opened", "1970-01-01T00:00:00+00:00"  # what a check's parameters may name beside resources
DRILL, WATCH, AUDIT = "drill", "watch", "audit"  # what their state machines are called, as runbooks' are by their names
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def _quoted(moment: object) -> object:
    """Refuse what YAML has read as a time itself: it loses the offset on the way."""
    if isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError('write the time in quotes, with its offset: "2026-12-24T18:00:00+04:00"')
    return moment


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # the last one where it is a folder of zones
        raise ValueError("is no time zone, as Asia/Dubai is one") from error
    return name


Moment = Annotated[AwareDatetime, BeforeValidator(_quoted)]


class Model(BaseModel):
    """Base of everything read from a file: unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckUse(Model):
    """One check of a runbook, under the runbook's own name for it, with its parameters: resources in braces.

    `{opened}` is the moment when the incident was opened, for what has to be newer than that.
    """

    check: Name
    with_: dict[str, Any] = Field(alias="with")

    def parameters(self, resources: Mapping[str, Any], opened: str = LONG_AGO) -> dict[str, Any]:
        """Fill in the parameters; outside an incident everything is newer than `opened`."""
        return dict(fill(self.with_, {**resources, OPENED: opened}.__getitem__))


class FixUse(Model):
    """One fix of a cause, with its parameters and how the change reads: texts with facts and parameters in braces.

    Where `each` names a fact that is a list, the fix is made for each of its members, which that fact in braces means.
    """

    fix: Name
    with_: dict[str, Any] = Field(alias="with")
    before: str
    after: str
    each: Fact | None = None

    @model_validator(mode="after")
    def _uses_each(self) -> "FixUse":
        if self.each and self.each not in names(self.with_):
            raise ValueError(f"{self.fix} is made for each of {self.each}, and is not given {{{self.each}}}")
        return self


class Awaiting(Model):
    """What a cause's fixes only set going, as a certificate that others have to validate.

    Done when every one of these signals is false; looked at `every` seconds for so many hours. Until then nothing is
    held; then the causes are diagnosed anew, and what remains to be done is asked for in a question of its own.
    """

    signals: Annotated[list[Signal], Field(min_length=1)]
    every: Annotated[int, Field(ge=60, le=3600)]
    hours: Annotated[int, Field(ge=1, le=72)]


Severity = Literal["warning", "degraded", "critical"]


class Cause(Model):
    """What may be wrong.

    Confirmed when every signal of `confirmed_by` is true, ruled out when one of them is false or one of `ruled_out_by`
    is true, possible otherwise. `supported_by` is what a person would also see if it is this one. Carries its fixes, or
    what a person has to do. Of a `ladder`, each fix but the first is a rung that is only climbed where the validation
    after the one before has said "not fixed"; all of them are approved at once. `prevention` is what keeps it from
    coming again, for the history of incidents. Its `level` is how bad it is.
    """

    name: Name
    title: str
    confirmed_by: Annotated[list[Signal], Field(min_length=1)]
    supported_by: list[Signal] = []
    ruled_out_by: list[Signal] = []
    fix: list[FixUse] = []
    ladder: bool = False
    awaits: Awaiting | None = None
    manual: str = ""
    prevention: str = ""
    level: Severity | None = None

    @model_validator(mode="after")
    def _fix_or_manual(self) -> "Cause":
        if bool(self.fix) == bool(self.manual):
            raise ValueError(f"cause {self.name} needs either fix or manual")
        if self.awaits and not self.fix:
            raise ValueError(f"cause {self.name} awaits what no fix of it sets going")
        if self.ladder and (len(self.fix) < MIN_RUNGS or self.awaits):
            raise ValueError(f"cause {self.name}: a ladder has two fixes or more, and awaits nothing")
        if named := sorted(names(self.prevention)):
            told = "its prevention is told of every incident, so it may name nothing in braces"
            raise ValueError(f"cause {self.name}: {told}: {', '.join(named)}")
        return self

    @property
    def signals(self) -> list[str]:
        """Every signal that the cause looks at."""
        return [*self.confirmed_by, *self.supported_by, *self.ruled_out_by]


class Validation(Model):
    """When the service is healthy: every one of these signals is false; looked at `every` seconds, `attempts` times.

    After a fix, a check named in `with` is also given these parameters: facts from before it, on which the plan was
    approved, as the commit that is expected now.
    """

    with_: dict[Name, dict[str, str]] = Field({}, alias="with")
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


class Metric(Model):
    """A fact that is a number, kept as a metric of this name and unit."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]*$", max_length=40)]
    fact: Fact
    unit: Literal["Percent", "Count", "Seconds"]


class Item(Model):
    """One line of a checklist: what was seen, and what is normal.

    Not ok where one of the signals of `alert` is true, a warning where one of `warning` is. `value` has facts in
    braces, `normal` parameters of checks, both written check.name. With `least` it is about the metric's average of the
    last day instead, which is ok from the first number on, and a warning from the second.
    """

    title: str
    value: str = ""
    normal: str
    warning: list[Signal] = []
    alert: list[Signal] = []
    metric: Metric | None = None
    least: tuple[float, float] | None = None

    @property
    def signals(self) -> list[str]:
        """Every signal that the line looks at."""
        return [*self.warning, *self.alert]

    @model_validator(mode="after")
    def _now_or_the_day(self) -> "Item":
        if self.least and not self.metric:
            raise ValueError(f"{self.title}: least is of a metric's average, so it needs metric")
        if bool(self.least) == bool(self.signals and self.value):
            raise ValueError(f"{self.title}: a line has either value with warning or alert, or least")
        return self


class Shares(Model):
    """Checks and causes, by name, that stand in another runbook's file and mean the same here."""

    from_: Name = Field(alias="from")
    checks: list[Name] = []
    causes: list[Name] = []


class Runbook(Model):
    """One procedure: symptoms, checks, causes in order of likelihood, and how to see that it worked.

    An `operation`, as a deployment is one, is for a healthy service: its causes are what there is to do, and what has
    to be so before. It is no repair, so the flapping guard neither counts nor stops it. The `checklist` is what a watch
    mails every day.
    """

    name: Name
    title: str
    source: str
    operation: bool = False
    symptoms: list[str]
    checks: Annotated[dict[Name, CheckUse], Field(min_length=1)]
    causes: Annotated[list[Cause], Field(min_length=1)]
    validation: Validation
    checklist: list[Item] = []

    @property
    def leveled(self) -> bool:
        """Whether it says how bad it is."""
        return any(cause.level for cause in self.causes)

    @property
    def only_looks(self) -> bool:
        """Whether it is there to say how bad it is, and has nothing that it could change."""
        return self.leveled and not self.fixes

    @property
    def fixes(self) -> list[FixUse]:
        """Every fix of every cause, in order."""
        return [use for cause in self.causes for use in cause.fix]

    @property
    def ladders(self) -> bool:
        """Whether any of its plans may have rungs."""
        return any(cause.ladder for cause in self.causes)

    @property
    def validating(self) -> dict[str, CheckUse]:
        """The checks that the validation repeats."""
        return self._asked(self.validation.signals)

    @property
    def awaiting(self) -> dict[str, CheckUse]:
        """The checks that tell whether what fixes have set going has come to its end; none in most runbooks."""
        return self._asked([signal for cause in self.causes if cause.awaits for signal in cause.awaits.signals])

    @property
    def longest_wait(self) -> int:
        """How many hours such a thing may take."""
        return max((cause.awaits.hours for cause in self.causes if cause.awaits), default=0)

    def _asked(self, signals: list[str]) -> dict[str, CheckUse]:
        wanted = {signal.partition(".")[0] for signal in signals}
        return {name: use for name, use in self.checks.items() if name in wanted}

    @property
    def resources(self) -> set[str]:
        """The names of a service's resources that checks and fixes are given, and that texts mention."""
        given = [use.with_ for use in self.fixes]
        texts = [
            *(text for use in self.fixes for text in (use.before, use.after)),
            *(one.manual for one in self.causes),
            *(text for item in self.checklist for text in (item.value, item.normal)),
        ]
        of_checks = names([use.with_ for use in self.checks.values()]) - {OPENED}
        return {name for name in of_checks | names([given, texts]) if "." not in name}


class Alarm(Model):
    """An alarm that starts a runbook: one of our kinds, created with the service, or the name of an existing one."""

    kind: Literal["load-balancer-5xx", "unhealthy-hosts", "no-targets", "watch"] | None = None
    existing: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Alarm":
        if (self.kind is None) == (self.existing is None):
            raise ValueError("an alarm needs either kind (we create it) or existing (its name)")
        return self


EventKind = Literal["ecs-task-stopped", "ecs-deployment-failed", "certificate-expiring", "pipeline-finished"]


class RunbookUse(Model):
    """How a service uses a runbook: what starts it, and which resources an engineer may name otherwise by hand."""

    alarms: list[Alarm] = []
    events: list[EventKind] = []
    overrides: dict[Name, Annotated[str, AfterValidator(_compiles)]] = {}

    @property
    def watched(self) -> bool:
        """Whether the service's watch starts it."""
        return any(alarm.kind == WATCH for alarm in self.alarms)


Needed = Literal["automatic", "one", "two"]
PEOPLE: dict[Needed, int] = {"automatic": 0, "one": 1, "two": 2}


class Policy(Model):
    """How many different people have to approve a plan, by the highest risk of its fixes."""

    low: Needed = "one"
    medium: Needed = "one"
    high: Needed = "two"

    def people(self, risk: Risk) -> int:
        """Return the number of people; 0 where the policy itself approves."""
        needed: Needed = getattr(self, risk)
        return PEOPLE[needed]


class Level(Model):
    """Who is asked together, and for how many minutes before the next level is; halfway they are reminded."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]*$", max_length=20)]
    approvers: Annotated[list[Mail], Field(min_length=1)]
    minutes: Annotated[int, Field(ge=2, le=7 * 24 * 60)]


class Approver(Model):
    """A person who may decide, besides their mailbox: the IAM principals that nobody else acts as."""

    principals: list[Principal] = []


class ApprovalRules(Model):
    """Who is asked one after another, how many have to approve, and whether who started it by hand may.

    `risks` are the fixes whose risk is another one for this service than in general.
    """

    levels: Annotated[list[Level], Field(min_length=1)]
    policy: Policy = Policy()
    own_requests: Literal["allowed", "refused"] = "allowed"
    risks: dict[Name, Risk] = {}

    @property
    def minutes(self) -> int:
        """How long a question stays open."""
        return sum(level.minutes for level in self.levels)

    @model_validator(mode="after")
    def _can_be_answered(self) -> "ApprovalRules":
        most = max(self.policy.people(risk) for risk in ("low", "medium", "high"))
        needed = most + 1 if most and self.own_requests == "refused" else most  # one of them may have started it
        for level in self.levels:
            if len({mail.casefold() for mail in level.approvers}) < needed:
                raise ValueError(
                    f"level {level.name} has too few approvers: policy and own_requests ask for {needed} different ones"
                )
        return self


class Freeze(Model):
    """A time in which incidents are diagnosed and asked about, and nothing is changed."""

    start: Moment
    end: Moment
    reason: str

    @model_validator(mode="after")
    def _in_order(self) -> "Freeze":
        if self.end <= self.start:
            raise ValueError("a freeze ends after it starts")
        return self


class Bounds(Model):
    """The least and the most that a parameter of a fix may be."""

    least: float | None = None
    most: float | None = None


class Hours(Model):
    """Hours of some days, in the service's time zone; where the end is the earlier one, they go on past midnight."""

    days: Annotated[list[Day], Field(min_length=1)] = list(DAYS)
    start: Clock
    end: Clock


class Limits(Model):
    """How far one fix may go: beyond it, a plan is not proposed.

    `bounds` by parameter; `resources` is how many things all its steps in one plan may touch; `forbidden` are hours in
    which it may not run.
    """

    bounds: dict[Name, Bounds] = {}
    resources: Annotated[int, Field(ge=1)] | None = None
    forbidden: list[Hours] = []


class Flapping(Model):
    """After so many repairs of the service within so many hours, repairing it again needs a person, not a plan."""

    repairs: Annotated[int, Field(ge=1, le=100)] = 3
    hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24


class Drill(Model):
    """When all checks are tried, every day, in the service's time zone; not in an hour that its clocks leap over."""

    at: Clock = "07:30"


class Watch(Model):
    """How often a service is looked at without a reason, and by which runbook its level is told; mailed every day.

    The hour is in the service's time zone; not one that its clocks leap over.
    """

    minutes: Annotated[int, Field(ge=1, le=60)] = 5
    daily: Clock = "07:00"
    runbook: Name


class Attestation(Model):
    """Somebody's word for what only people know: who gives it, since when it is so, and where that can be read."""

    by: Mail
    on: date
    evidence: Annotated[str, Field(min_length=1)]


class AuditUse(Model):
    """How a service uses an audit: where it looks, when, what people have attested.

    It runs every day, in the service's time zone, and is mailed where something has changed, and on `day` in any case.
    """

    audit: Name
    regions: Annotated[list[Region], Field(min_length=1, max_length=6)]  # more leave no room for evidence
    at: Clock = "06:00"
    day: Day = "mon"
    attestations: dict[Name, Attestation] = {}


class Service(Model):
    """One system under care."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=24)]
    title: str
    language: Literal["en", "fr"] = "en"
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    region: Region
    approvers: Annotated[dict[Mail, Approver], Field(min_length=1)]
    approval: ApprovalRules
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    event_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 15  # what is older starts nothing
    freezes: list[Freeze] = []
    limits: dict[Name, Limits] = {}
    flapping: Flapping = Flapping()
    drill: Drill = Drill()
    watch: Watch | None = None
    audit: AuditUse | None = None
    resources: dict[Name, Any]
    runbooks: Annotated[dict[Name, RunbookUse], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_people(self) -> "Service":
        asked = {mail for level in self.approval.levels for mail in level.approvers}
        for mail in sorted(asked - self.approvers.keys()):
            raise ValueError(f"approval.levels asks {mail}, who is not one of the approvers")
        if len({mail.casefold() for mail in self.approvers}) < len(self.approvers):
            raise ValueError("approvers: two of them are one mailbox, written in another case")
        owners = [principal for approver in self.approvers.values() for principal in approver.principals]
        for principal in owners:
            if owners.count(principal) > 1:
                raise ValueError(f"{principal} belongs to two approvers: it has to be one person's")
        return self

    @model_validator(mode="after")
    def _own_names(self) -> "Service":
        for name in (DRILL, WATCH, AUDIT):
            if name in self.runbooks:
                raise ValueError(
                    f"runbooks: a runbook cannot be called {name}: that is the service's own state machine"
                )
        return self

    @model_validator(mode="after")
    def _can_be_watched(self) -> "Service":
        if self.watch and self.watch.runbook not in self.runbooks:
            raise ValueError(f"watch.runbook: {self.watch.runbook} is not one of the service's runbooks")
        if self.watched and not self.watch:
            raise ValueError(
                f"runbooks.{self.watched[0]}.alarms: kind {WATCH} needs a watch: say every how many minutes"
            )
        return self

    def approver_of(self, principal: str) -> str:
        """Return the approver whose IAM principal this is; empty where it is nobody's."""
        return next((mail for mail, one in self.approvers.items() if principal in one.principals), "")

    def alarm_name(self, alarm: Alarm, runbook: str) -> str:
        """Return the name on AWS of an alarm that starts a runbook."""
        return alarm.existing or self.state_machine_name(runbook if alarm.kind == WATCH else str(alarm.kind))

    @property
    def given(self) -> dict[str, Any]:
        """What parameters may name, outside an incident."""
        return self.resources | {OPENED: LONG_AGO}

    def state_machine_name(self, runbook: str) -> str:
        """Return the name on AWS of the state machine of one of the runbooks."""
        return f"{self.name}-{runbook.replace('_', '-')}"

    def state_machine_arn(self, runbook: str) -> str:
        """Return the ARN of the state machine of one of the runbooks."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.state_machine_name(runbook)}"

    def execution_arn(self, runbook: str) -> str:
        """Return the ARN of the executions of one of the runbooks, up to their name."""
        return self.state_machine_arn(runbook).replace(":stateMachine:", ":execution:")

    @property
    def audits_bucket(self) -> str:
        """Return the name of the bucket of its audit's reports; names are one account's in the whole world."""
        return f"{self.name}-audits-{self.account}-{self.region}"

    @property
    def alarms(self) -> dict[str, str]:
        """The runbook that each alarm starts, by the alarm's name."""
        uses = self.runbooks.items()
        return {self.alarm_name(alarm, runbook): runbook for runbook, use in uses for alarm in use.alarms}

    @property
    def watched(self) -> list[str]:
        """The runbooks that the watch starts."""
        return [name for name, use in self.runbooks.items() if use.watched]

    @property
    def looked_at(self) -> list[str]:
        """The runbooks whose checks the watch makes: the one that tells the level, and those that it starts."""
        return list(dict.fromkeys([self.watch.runbook, *self.watched])) if self.watch else []
