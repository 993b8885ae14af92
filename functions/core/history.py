"""A closed incident as an entry of the history that a team keeps: problem, impact, cause, solution, prevention."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from functions.core import markdown, occasions, requester
from functions.core.approval import Approval
from functions.core.diagnosis import Diagnosis, RankedCause
from functions.core.incidents import RECORD, Everything
from functions.core.language import say, translated
from functions.core.outcomes import OUTCOMES, UNCHANGED, VERDICTS, WELL
from functions.core.template import readable
from statemachines.compiled import Compiled
from statemachines.model import Service

MINUTE, HOUR, DAY = 60, 3600, 86_400
FACTS = 2


class Action(NamedTuple):
    """What people decided on one plan, and what was changed then, each in a sentence."""

    decided: str
    changes: list[str]


class Entry(NamedTuple):
    """All that the table holds about a closed incident, as its runbook and its service's clocks read it."""

    runbook: Compiled
    everything: Everything

    @property
    def record(self) -> dict[str, Any]:
        """The incident's record."""
        return self.everything[RECORD]

    @property
    def began(self) -> str:
        """When its alarm rang or its event came; when it was opened, where that is all that is known."""
        opened = str(self.record["opened_at"])
        return min(str(self.record["trigger"].get("at", opened)), opened, key=datetime.fromisoformat)

    @property
    def questions(self) -> list[Approval]:
        """What people were asked, in order."""
        asked = [Approval.model_validate(one) for one in self.items("approval#")]
        return sorted(asked, key=lambda one: one.round)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The last diagnosis; None where it never came to one."""
        return Diagnosis.model_validate_json(self.record["diagnosis"]) if "diagnosis" in self.record else None

    @property
    def wrong(self) -> list[str]:
        """The signs of it that were seen, each in a sentence."""
        return list(self.record.get("wrong", []))

    def items(self, start: str) -> list[dict[str, Any]]:
        """List the items whose names start alike."""
        return [item for name, item in self.everything.items() if name.startswith(start)]

    def clock(self, moment: str) -> str:
        """Write a moment as the service's clocks show it."""
        local = datetime.fromisoformat(moment).astimezone(ZoneInfo(self.runbook.service.timezone))
        return f"{local:%Y-%m-%d %H:%M}"


def entry(runbook: Compiled, everything: Everything) -> str:
    """Write a closed incident as Markdown in the service's language.

    The format is that of Harena's guide, "Historique des incidents". Nothing from outside means anything there but
    itself. What a person has to add stands in italics.

    Args:
        runbook: which the incident was worked on by.
        everything: all items of the incident, by name (see Incidents.everything).
    """
    one = Entry(runbook, everything)
    causes = _confirmed(one)
    return markdown.rendered(
        "history.md",
        runbook=runbook.runbook,
        incident=one.record["incident"],
        day=one.clock(one.began).partition(" ")[0],
        started=_started(one),
        time=_time(one),
        occurrences=occasions.counted(everything),
        wrong=one.wrong,
        unwrong=_unwrong(one.diagnosis),
        causes=causes,
        facts=[fact for cause in causes for fact in cause.supporting[:FACTS]],
        possible=_possible(one.diagnosis),
        manual=[cause.manual for cause in causes if cause.manual],
        prevention=_prevention(runbook, causes),
        **_solution(one),
    )


def document(service: Service, entries: list[str]) -> str:
    """Write entries as one document, in the order in which they come."""
    title = markdown.plain(say("Incident history: {service}", service=service.title))
    return "\n".join([f"## {title}\n", *(entries or [f"{markdown.plain(say('No incident has been closed yet.'))}\n"])])


def _started(one: Entry) -> str:
    """Say what has started it, in the words of that."""
    trigger, who = one.record["trigger"], requester.of(one.record)
    if trigger["kind"] == "alarm":
        return say("The alarm {name} says: “{reason}”", name=trigger["name"], reason=trigger["reason"])
    if trigger["kind"] == "event":
        return say("The event {name} says: “{reason}”", name=trigger["name"], reason=trigger["reason"])
    if who and (who.who or who.principal):
        return say("Started by hand by {who} ({proof}).", who=who.who or who.principal, proof=who.told)
    return say("Started by hand; who it was is not known.")


def _time(one: Entry) -> str:
    """Say from when to when it lasted, as far as that is known."""
    opened, closed = one.began, str(one.record["closed_at"])
    told = {"start": one.clock(opened), "end": one.clock(closed), "zone": one.runbook.service.timezone}
    told["length"] = _length((datetime.fromisoformat(closed) - datetime.fromisoformat(opened)).total_seconds())
    by_hand, well = one.record["trigger"]["kind"] == "person", one.record["outcome"] in WELL
    if by_hand and well:
        return say("Seen from {start} to {end} ({zone}), {length}; when it began is not known.", **told)
    if by_hand:
        return say("Seen from {start} on ({zone}); when it began and when it ended is not known.", **told)
    if well:
        return say("From {start} to {end} ({zone}), {length}.", **told)
    return say("From {start} on ({zone}); not seen well again by {end}, when the incident was closed.", **told)


def _length(seconds: float) -> str:
    if seconds < MINUTE:
        return say("less than a minute")
    if seconds < HOUR:
        return say("{minutes} min", minutes=int(seconds // MINUTE))
    if seconds < DAY:
        return say("{hours} h {minutes} min", hours=int(seconds // HOUR), minutes=int(seconds % HOUR // MINUTE))
    return say("{days} d {hours} h", days=int(seconds // DAY), hours=int(seconds % DAY // HOUR))


def _unwrong(diagnosis: Diagnosis | None) -> str:
    """Say why no sign of it is named, where none was seen."""
    if diagnosis is None:
        return say("Nothing is known of it: the automation ended before it had looked.")
    if diagnosis.healthy:
        return say("When it was looked at, nothing was wrong (any more).")
    return say("Whether anything was wrong could not be seen.") if diagnosis.healthy is None else ""


def _confirmed(one: Entry) -> list[RankedCause]:
    """List every cause that was confirmed at any time, with its latest evidence: later, it may have been mended."""
    known = [Diagnosis.model_validate_json(question.diagnosis) for question in one.questions]
    known += [one.diagnosis] if one.diagnosis else []
    return list({cause.name: cause for diagnosis in known for cause in diagnosis.confirmed}.values())


def _possible(diagnosis: Diagnosis | None) -> list[str]:
    if diagnosis is None or diagnosis.healthy:
        return []
    return [cause.title for cause in diagnosis.causes if cause.standing == "possible"]


def _solution(one: Entry) -> dict[str, Any]:
    outcome = one.record["outcome"]
    return {
        "outcome": _outcome(one),
        "actions": [_action(one, question) for question in one.questions],
        "unchanged": not _changed(one) and outcome not in UNCHANGED,
        "verdicts": _verdicts(one),
        "people": outcome not in {"recovered", "joined"} and not (outcome == "healthy" and not one.wrong),
    }


def _outcome(one: Entry) -> str:
    """Say how it ended; that nothing was changed only where that is so for the whole incident."""
    outcome = one.record["outcome"]
    return translated(OUTCOMES["unfinished" if outcome in UNCHANGED and _changed(one) else outcome])


def _changed(one: Entry) -> bool:
    """Say whether anything was changed, or may have been."""
    return any(change["before"] != change["after"] for change in one.items("change#"))


def _action(one: Entry, question: Approval) -> Action:
    start = f"change#{question.round}#"
    made = {int(name.removeprefix(start)): one.everything[name] for name in one.everything if name.startswith(start)}
    changes = [_change(question.plan.steps[number].effect, made[number]) for number in sorted(made)]
    not_made = [say("Not carried out.")] if question.state == "approved" and not changes else []
    return Action(_decided(one, question), changes or not_made)


def _change(effect: str, change: dict[str, Any]) -> str:
    """Say what has become of one change."""
    told = {"effect": effect, "before": readable(change["before"]), "after": readable(change["after"])}
    if change["before"] == change["after"]:
        return say("{effect}: was {after} already, nothing was changed", **told)
    if change.get("undone"):
        return say("Undone: {effect}: back from {after} to {before}", **told)
    if "undoing" in change:
        return say("Perhaps undone, its undo did not come to an end: {effect}: from {before} to {after}", **told)
    if change.get("state") != "done":
        return say("Interrupted, perhaps made: {effect}: from {before} to {after}", **told)
    return say("{effect}: from {before} to {after}", **told)


def _decided(one: Entry, question: Approval) -> str:
    """Say who decided on a plan, and when."""
    rejected = [said for said in question.decisions if said.decision == "rejected"]
    if question.state == "approved" and any(said.channel == "policy" for said in question.approvals):
        return say("Approved by the service's policy, which asks nobody")
    if question.state == "approved":
        people = [f"{said.approver} ({one.clock(said.at)})" for said in question.approvals]
        return say("Approved by {people}", people=", ".join(people))
    if question.state == "rejected" and rejected:
        told = {"who": rejected[0].approver, "at": one.clock(rejected[0].at), "words": rejected[0].words}
        return say("Rejected by {who}, {at}: “{words}”", **told)
    if question.state == "expired":
        return say("Nobody decided in time")
    if question.state == "replaced":
        return say("The plan has changed: question {round} is replaced", round=question.round)
    return say("The question is withdrawn")


def _verdicts(one: Entry) -> list[str]:
    """List what the validation said, in order; that it said nothing, where it should have."""
    judged = [line for line in one.items("event#") if "verdict" in line]
    told = [f"{translated(VERDICTS[line['verdict']])} ({one.clock(line['at'])})" for line in judged]
    unjudged = _changed(one) and one.record["outcome"] != "recovered"
    return told or ([say("unknown: it was not validated")] if unjudged else [])


def _prevention(runbook: Compiled, causes: list[RankedCause]) -> dict[str, str]:
    """Return what the runbook knows against each cause, by the cause's title; empty where it knows nothing."""
    known = {cause.name: cause.prevention for cause in runbook.runbook.causes}
    return {cause.title: translated(known.get(cause.name, "")) for cause in causes}
