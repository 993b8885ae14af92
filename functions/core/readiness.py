"""An audit's checklist, computed: each row OK, NOK or TODO, with the evidence, what it means and what to do."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from functions.core.audited import Seen
from functions.core.language import marked, say, translated
from functions.core.log import logger
from functions.core.results import Finding
from statemachines.audit_model import Audit, Row
from statemachines.compiled_audit import Audited
from statemachines.model import Attestation, Service

Status = Literal["NOK", "TODO", "OK"]
STATUSES: tuple[Status, ...] = ("NOK", "TODO", "OK")  # the document's words, in every language; the worst first
Standing = Literal["attested", "expired", "early", "missing"]
DENIED = re.compile(r"not authorized to perform: ([a-z0-9-]+:\w+)")
REFUSED = re.compile(r"\((?:AccessDenied\w*|UnauthorizedOperation|AuthorizationError)\) when calling the (\w+)")
STANDINGS: dict[Standing, str] = {
    "attested": marked("attested by {by} on {on}, until {until}"),
    "expired": marked("attested by {by} on {on}, which was good until {until}"),
    "early": marked("attested by {by} for {on}, which has not come yet"),
    "missing": marked("nobody has attested it"),
}


class Reason(BaseModel):
    """What a signal says in one place: true is wrong, false is fine, None is unknown; and what to do about it."""

    signal: str
    region: str
    answer: bool | None
    told: str
    evidence: list[str]
    todo: str


class Word(BaseModel):
    """What people were asked to attest, and how that stands; `evidence` is where it can be read."""

    name: str
    title: str
    standing: Standing
    told: str
    evidence: str


class JudgedRow(BaseModel):
    """A row: its status, its reasons, what there was none of to judge, and what people attest."""

    name: str
    title: str
    means: str
    status: Status
    reasons: list[Reason]
    nothing: list[str]
    words: list[Word]

    def answered(self, answer: bool | None) -> list[Reason]:  # noqa: FBT001
        """Choose the reasons that are wrong (True), unknown (None) or fine (False)."""
        return [one for one in self.reasons if one.answer is answer]

    @property
    def fine(self) -> dict[str, str]:
        """What is not so, in a sentence, with the regions where it is not."""
        regions: dict[str, list[str]] = {}
        for one in self.answered(answer=False):
            regions.setdefault(one.told, []).append(one.region)
        return {told: ", ".join(filter(None, where)) for told, where in regions.items()}

    @property
    def open(self) -> list[Word]:
        """What nobody's word is good for now."""
        return [one for one in self.words if one.standing != "attested"]

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong, in a sentence with its region, by signal and region."""
        return self._placed(answer=True)

    @property
    def unknown(self) -> dict[str, str]:
        """What may be wrong, as `wrong` has it."""
        return self._placed(answer=None)

    def _placed(self, *, answer: bool | None) -> dict[str, str]:
        return {f"{one.signal} {one.region}".strip(): placed(one) for one in self.answered(answer)}


class Change(BaseModel):
    """What has changed in a row since the last run: its status, and what has become wrong or is not wrong any more.

    `lost` was wrong, and nobody knows any more.
    """

    row: str
    title: str
    before: str
    after: str
    appeared: list[str]
    gone: list[str]
    lost: list[str]


class Earlier(BaseModel):
    """What the next run compares itself with."""

    rows: list[JudgedRow]


class Report(BaseModel):
    """One run of an audit. `changes` is None where there was none before that could be understood."""

    service: str
    name: str
    title: str
    audit: str
    account: str
    regions: list[str]
    at: str
    rows: list[JudgedRow]
    changes: list[Change] | None
    seen: dict[str, str]

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status, the worst first."""
        return {status: sum(row.status == status for row in self.rows) for status in STATUSES}

    @property
    def result(self) -> str:
        """The counts in a few words."""
        return ", ".join(f"{count} {status}" for status, count in self.counts.items())


def report(
    audited: Audited,
    regions: list[str],
    answers: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    at: datetime | None = None,
) -> Report:
    """Compute the checklist.

    Args:
        audited: the audit and whose it is.
        regions: where it has looked.
        answers: findings, or the errors of checks that failed, by the names of the looks (functions/core/audited.py).
        before: the last run's report, as JSON; None where there is none.
        at: when the answers were saved, where they were.
    """
    audit, service, now = audited.audit, audited.service, datetime.now(UTC)
    seen = Seen(audit, regions, _with_locals(audit, answers), audited.questions)
    rows = [_judge(audited, row, seen, now.date()) for row in audit.rows]
    known = _earlier(before)
    return Report(
        service=service.name,
        name=audit.name,
        title=service.title,
        audit=translated(audit.title),
        account=service.account,
        regions=regions,
        at=(at or now).isoformat(timespec="seconds"),
        rows=rows,
        changes=None if known is None else list(_changes(rows, known)),
        seen={name: finding.summary for name, finding in seen.findings.by_name.items()},
    )


def placed(reason: Reason) -> str:
    """Write what a reason says, with its region."""
    return f"{reason.told} ({reason.region})" if reason.region else reason.told


def _with_locals(audit: Audit, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Say of what only a checkout can tell that there was none."""
    unseen = Finding(summary=say("only a checkout of the repository can tell: make audit CHECKOUT=…")).model_dump()
    return {name: unseen for name, use in audit.checks.items() if use.local} | dict(answers)


def _judge(audited: Audited, row: Row, seen: Seen, today: date) -> JudgedRow:
    reasons = [one for signal in row.wrong for one in _reasons(audited, seen, row, signal)]
    nothing = [_none(audited, seen, signal) for signal in row.nothing if not seen.somewhere_false(signal)]
    words = [_word(audited.service, audited.audit, name, today) for name in row.attested]
    answers = [one.answer for one in reasons]
    unproven = None in answers or nothing or any(word.standing != "attested" for word in words)
    return JudgedRow(
        name=row.name,
        title=translated(row.title),
        means=translated(row.means),
        status="NOK" if True in answers else "TODO" if unproven else "OK",
        reasons=reasons,
        nothing=nothing,
        words=words,
    )


def _reasons(audited: Audited, seen: Seen, row: Row, signal: str) -> Iterator[Reason]:
    """Give what a signal says in each region where it counts."""
    check, _, question = signal.partition(".")
    told, todo = _question(audited, signal), row.wrong[signal]
    for place, finding in seen.of(check):
        excuses = row.unless.get(signal, [])
        excused = seen.together(excuses, place.region) if excuses else False
        if excused:
            continue
        answer, error = finding.signals.get(question), seen.errors.get(place.called, "")
        if answer and excused is None:  # nobody knows whether there is anything that it could be wrong for
            unknown = next(one for one in excuses if seen.at(one, place.region) is None)
            answer, error = None, seen.error(unknown, place.region)
        yield Reason(
            signal=signal,
            region=place.region,
            answer=answer,
            told=say("Not so: {sentence}", sentence=told) if answer is False else told,
            evidence=finding.evidence if answer and finding.evidence else [error or finding.summary],
            todo=translated(todo) if answer else "" if answer is False else _find_out(finding, error),
        )


def _find_out(finding: Finding, error: str) -> str:
    """Say what to do about what is unknown: name the permission that is missing, where one is."""
    named = DENIED.search(error) or REFUSED.search(error)
    if named:
        return say("Access was denied: allow {permission} to whoever looks, then look again.", permission=named[1])
    if not finding.signals:
        return say("It could not be looked at: find out why, then look again.")
    return say("Part of it could not be seen: look at it by hand.")


def _none(audited: Audited, seen: Seen, signal: str) -> str:
    """Say that there is none of something to judge, as far as that is known."""
    told = _question(audited, signal)
    return told if seen.everywhere(signal) else say("Unknown: {sentence}", sentence=told)


def _question(audited: Audited, signal: str) -> str:
    check, _, question = signal.partition(".")
    return translated(audited.questions[check][question])


def _word(service: Service, audit: Audit, name: str, today: date) -> Word:
    asked = audit.attestations[name]
    given = service.audit.attestations.get(name) if service.audit else None
    until = given.on + timedelta(days=asked.days) if given else today
    standing = _standing(given, until, today)
    told = {"by": given.by, "on": given.on, "until": until} if given else {}
    return Word(
        name=name,
        title=translated(asked.title),
        standing=standing,
        told=say(STANDINGS[standing], **told),
        evidence=given.evidence if given else "",
    )


def _standing(given: Attestation | None, until: date, today: date) -> Standing:
    if given is None:
        return "missing"
    if given.on > today:
        return "early"
    return "attested" if today <= until else "expired"


def _earlier(before: Mapping[str, Any] | None) -> Earlier | None:
    """Read an earlier report; None where there is none, or its form is another version's, which ends with this run."""
    try:
        return None if before is None else Earlier.model_validate(before)
    except ValidationError as error:
        logger.warning("the last report has another form", problems=error.error_count())
        return None


def _changes(rows: list[JudgedRow], before: Earlier) -> Iterator[Change]:
    """Give what has changed, row by row; one that was not there before was TODO."""
    known = {row.name: row for row in before.rows}
    for row in rows:
        old = known.get(row.name)
        was = old.wrong if old else {}
        change = Change(
            row=row.name,
            title=row.title,
            before=old.status if old else "TODO",
            after=row.status,
            appeared=[text for key, text in row.wrong.items() if key not in was],
            gone=[text for key, text in was.items() if key not in row.wrong | row.unknown],
            lost=[text for key, text in was.items() if key in row.unknown],
        )
        if change.before != change.after or change.appeared or change.gone or change.lost:
            yield change
