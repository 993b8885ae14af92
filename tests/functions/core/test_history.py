import json
from typing import Any

import pytest
from hypothesis import given

from functions.core import history
from functions.core.diagnosis import Diagnosis, RankedCause, Standing
from functions.core.outcomes import OUTCOMES, UNCHANGED, VERDICTS
from functions.core.plan import Plan, Step
from functions.core.redaction import redact
from statemachines import compile as compiling
from statemachines import load
from statemachines.compiled import Compiled
from tests.functions import parsed
from tests.functions.workflow.test_approval_page import approve, reject
from tests.functions.workflow.world import AMEL, CLOSED_PORT, FIRST, INCIDENT, REASON, World, findings

Everything = dict[str, dict[str, Any]]
HARENA = compiling.compiled(load.services()["harena"], load.runbooks()["port_bound_to_localhost"])
GANOPA = compiling.compiled(load.services()["ganopa-bot"], load.runbooks()["webhook_unavailable"])
PORT = "made-from-an-old-file"
AT = "2026-11-21T22:58:00.000+00:00"  # in Paris one hour later
CHANGE: dict[str, Any] = {"fix": "recreate_container", "state": "done", "before": {"on": "lo"}, "after": {"on": "all"}}


def cause(name: str = PORT, standing: Standing = "confirmed", text: str = "It is so", **values: Any) -> RankedCause:
    """Write a cause with three facts."""
    facts = [f"{text}, {number}" for number in ("one", "two", "three")]
    known = {"title": text, "supporting": facts, "opposing": [], "unknown": [], "manual": ""} | values
    return RankedCause(name=name, standing=standing, **known)


def diagnosis(*causes: RankedCause, healthy: bool | None = False) -> str:
    """Write a diagnosis as the record holds it."""
    return Diagnosis(healthy=healthy, causes=list(causes), summaries={}, evidence={}).model_dump_json()


def question(state: str = "approved", number: int = 1, text: str = "Mends it", **values: Any) -> dict[str, Any]:
    """Write a question about a plan of two steps, which two people have approved."""
    effects = [text, f"{text} too"]
    step: dict[str, Any] = {
        "fix": "f",
        "parameters": {},
        "before": text,
        "after": text,
        "risk": "low",
        "radius": text,
        "undo": None,
    }
    plan = Plan(account="1", region="r", service="s", runbook="r", steps=[Step(effect=one, **step) for one in effects])
    said = {"decision": "approved", "channel": "link", "digest": plan.digest, "proof": "", "words": text}
    decisions = [said | {"approver": who, "at": AT} for who in ("a@x.fr", "b@x.fr")]
    asked = {"incident": INCIDENT, "round": number, "digest": plan.digest, "needed": 2, "token": "", "state": state}
    times = {"asked_at": AT, "turn_until": 0, "until": 0, "plan": plan.model_dump_json(), "decisions": decisions}
    return asked | times | {"diagnosis": diagnosis(cause())} | values


def everything(outcome: str = "recovered", *, items: Everything | None = None, **record: Any) -> Everything:
    """Write what the table holds about an incident of two hours."""
    trigger = {"kind": "alarm", "name": "loud", "reason": "It is down", "at": "2026-11-21T22:30:00+00:00"}
    known = {
        "incident": INCIDENT,
        "trigger": trigger,
        "opened_at": "2026-11-21T22:30:02.000+00:00",
        "closed_at": "2026-11-22T00:35:00.000+00:00",
        "state": "closed",
        "outcome": outcome,
        "diagnosis": diagnosis(cause()),
        "wrong": ["A port is bound (ports: 1)"],
    }
    given = {name: value for name, value in (known | record).items() if value is not None}
    return {"record": given} | (items or {})


def written(found: Everything, runbook: Compiled = HARENA) -> str:
    """Write the entry of an incident."""
    return history.entry(runbook, found)


def part(entry: str, name: str) -> str:
    """Return what an entry says under one of its five names."""
    return entry.partition(f"**{name}:**")[2].partition("\n\n**")[0].partition("\n\nRecord:")[0].strip()


def solution(outcome: str = "recovered", /, **items: Any) -> list[str]:
    """List the lines of the solution of an incident with these items."""
    named = {name.replace("_", "#"): item for name, item in items.items()}
    return part(written(everything(outcome, items=named)), "Solution").splitlines()


# The whole


def test_an_entry_has_the_format_of_the_guide(world: World) -> None:
    approve(world, world.ask()[0].link)
    world.incidents.create(INCIDENT, "change#1#0", CHANGE | {"undo": None})
    world.incidents.note(INCIDENT, "Validated", verdict="fixed")
    entry = world.close("recovered")["history"]
    labels = [line.partition(" ")[0] for line in entry.splitlines() if line.startswith(("#", "**"))]
    assert labels == ["###", "**Problem:**", "**Impact:**", "**Cause:**", "**Solution:**", "**Prevention:**"]
    assert entry.startswith("### 2026-11-21: The webhook answers 503 or 504\n\n")
    assert redact(REASON).replace("[1.0]", "\\[1.0\\]") in part(entry, "Problem")
    assert part(entry, "Problem").count("\n- ") == len(world.record["wrong"]) == 3
    assert part(entry, "Cause").splitlines()[0] == "The tasks' security group does not let the load balancer in"
    assert part(entry, "Cause").count("\n- ") == 2
    assert f"\n- Approved by {AMEL} (" in part(entry, "Solution")
    assert f"\n  - {world.plan.steps[0].effect}: from on lo to on all\n- Verdict: fixed (" in part(entry, "Solution")
    assert part(entry, "Prevention") == "*to be written by the team*"
    assert entry.endswith(f"\n\nRecord: incident {INCIDENT}\n")


def test_an_entry_of_the_past_is_written_as_it_was_when_it_was_closed(world: World) -> None:
    reject(world, world.ask()[0].link, "by daylight")
    entry = world.close("rejected")["history"]
    assert history.entry(GANOPA, world.incidents.everything(INCIDENT)) == entry
    assert f"\n- Rejected by {AMEL}, " in entry
    assert ": “by daylight”\n" in entry
    assert "**Solution:** rejected, nothing was changed\n" in entry


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_way_to_end_is_an_entry_whose_structure_is_sound(world: World, outcome: str) -> None:
    world.open()
    world.conclude(findings(*CLOSED_PORT))
    world.call(FIRST)
    entry = world.close(outcome)["history"]
    assert [one.tag for one in parsed.structure(entry) if one.kind == "heading_open"] == ["h3"]
    bold = [one for one in parsed.structure(entry) if "strong_open" in one.within]
    assert len(bold) == 5
    blank = "What people did by hand: *to be written by the team*" in entry
    assert blank == (outcome not in {"recovered", "joined"})


def test_it_is_in_the_services_language_and_nothing_is_left_in_english(pseudo: None) -> None:  # noqa: ARG001
    items = {"approval#1": question(), "change#1#0": CHANGE, "event#1": {"at": AT, "verdict": "fixed", "text": ""}}
    entry = written(everything("not fixed", items=items))
    for label in ("Problem:", "Impact:", "Cause:", "Solution:", "Prevention:"):
        assert f"**⟦{label}⟧**" in entry
    assert "*⟦to be written by the team⟧*" in entry
    assert "⟦Verdict: ⟦fixed⟧ (" in entry
    assert "⟦The script deploy-verified.sh, and automatic monitoring⟧" in entry


def test_a_document_has_all_entries_in_their_order() -> None:
    entries = [written(everything(incident=name)) for name in ("second", "first")]
    document = history.document(HARENA.service, entries)
    assert document.startswith("## Incident history: Harena (harena-allinone-dev)\n\n### ")
    assert document.index("incident second") < document.index("incident first")
    levels = [one.tag for one in parsed.structure(document) if one.kind == "heading_open"]
    assert levels == ["h2", "h3", "h3"]
    assert "No incident has been closed yet." in history.document(HARENA.service, [])


# Problem and impact


def test_date_and_times_are_those_of_the_services_clocks() -> None:
    entry = written(everything())
    assert entry.startswith("### 2026-11-21: ")
    late = everything(opened_at="2026-11-21T23:10:00.000+00:00", trigger={"kind": "person"})
    assert written(late).startswith("### 2026-11-22: ")
    assert "From 2026-11-21 23:30 to 2026-11-22 01:35 (Europe/Paris), 2 h 5 min." in entry


@pytest.mark.parametrize(
    ("closed_at", "length"),
    [
        ("2026-11-21T22:30:50.000+00:00", "less than a minute"),
        ("2026-11-21T22:59:59.000+00:00", "29 min"),
        ("2026-11-22T22:29:00.000+00:00", "23 h 59 min"),
        ("2026-11-24T00:00:00.000+00:00", "2 d 1 h"),
    ],
)
def test_how_long_it_lasted(closed_at: str, length: str) -> None:
    assert f"(Europe/Paris), {length}." in written(everything(closed_at=closed_at))


@pytest.mark.parametrize("outcome", sorted(OUTCOMES.keys() - {"recovered", "healthy"}))
def test_an_end_that_nobody_has_seen_is_not_told(outcome: str) -> None:
    impact = part(written(everything(outcome)), "Impact")
    assert "not seen well again by 2026-11-22 01:35, when the incident was closed" in impact
    assert "2 h" not in impact


@pytest.mark.parametrize("outcome", ["recovered", "manual"])
def test_when_it_began_is_not_known_where_a_person_has_started_it(outcome: str) -> None:
    impact = part(written(everything(outcome, trigger={"kind": "person"})), "Impact")
    assert impact.startswith("Seen from 2026-11-21 23:30 ")
    assert "when it began" in impact.splitlines()[0]


def test_a_clock_that_is_ahead_does_not_make_it_last_less_than_nothing() -> None:
    trigger = {"kind": "event", "name": "e", "reason": "r", "at": "2026-11-22T00:36:00+00:00"}
    assert "From 2026-11-21 23:30 to " in written(everything(trigger=trigger))


@pytest.mark.parametrize(
    ("trigger", "requester", "told"),
    [
        ({"kind": "alarm", "name": "loud", "reason": "why"}, None, "The alarm loud says: “why”"),
        ({"kind": "event", "name": "soft", "reason": "why"}, None, "The event soft says: “why”"),
        ({"kind": "person"}, {"who": "a@x.fr", "proof": "CloudTrail"}, "by hand by a@x.fr (CloudTrail saw it)."),
        ({"kind": "person"}, {"principal": "arn", "proof": "CloudTrail"}, "by hand by arn (CloudTrail saw it)."),
        ({"kind": "person"}, {}, "Started by hand; who it was is not known."),
    ],
)
def test_what_has_started_it(trigger: dict[str, str], requester: dict[str, str] | None, told: str) -> None:
    assert told in part(written(everything(trigger=trigger, requester=requester)), "Problem").splitlines()[0]


@pytest.mark.parametrize(
    ("healthy", "told"),
    [
        (True, "When it was looked at, nothing was wrong (any more)."),
        (None, "Whether anything was wrong could not be seen."),
    ],
)
def test_where_no_sign_of_it_was_seen_it_is_said_why(healthy: bool | None, told: str) -> None:  # noqa: FBT001
    found = everything("healthy", wrong=[], diagnosis=diagnosis(healthy=healthy))
    assert part(written(found), "Problem").splitlines()[-1] == told


def test_where_nothing_was_diagnosed_nothing_is_known() -> None:
    entry = written(everything("failed", wrong=None, diagnosis=None))
    assert "Nothing is known of it: the automation ended before it had looked." in part(entry, "Problem")
    assert part(entry, "Cause") == "None could be confirmed."


def test_symptoms_and_how_many_signs_of_it_were_seen() -> None:
    impact = part(written(everything(wrong=["one", "two"])), "Impact")
    assert [f"- {symptom}" in impact for symptom in HARENA.runbook.symptoms] == [True, True]
    assert f"The checks saw 2 signs of it, of {len(HARENA.runbook.validation.signals)}." in impact


@pytest.mark.parametrize(("count", "told"), [(1, False), (3, True)])
def test_how_many_events_it_was_about(count: int, told: bool) -> None:  # noqa: FBT001
    entry = written(everything(items={"occurrences": {"count": count}}))
    assert (f"It was about {count} events." in entry) is told


def test_an_operation_is_no_problem() -> None:
    runbook = HARENA.model_copy(update={"runbook": HARENA.runbook.model_copy(update={"operation": True})})
    entry = written(everything(trigger={"kind": "person"}, requester={}, wrong=[]), runbook)
    assert part(entry, "Problem").startswith("Nothing was wrong, this is work that was asked for. Started by hand")
    assert "The checks saw" not in entry


# Cause


def test_a_cause_has_its_two_strongest_facts() -> None:
    causes = diagnosis(cause(text="First"), cause("b", "possible", "Second"), cause("c", "ruled out", "Third"))
    assert part(written(everything(diagnosis=causes)), "Cause") == "First\n\n- First, one\n- First, two"


def test_what_was_confirmed_before_it_was_mended_stays_the_cause() -> None:
    asked = {"approval#1": question("withdrawn", diagnosis=diagnosis(cause(text="It was so")))}
    entry = written(everything("healthy", items=asked, diagnosis=diagnosis(cause(standing="ruled out"), healthy=True)))
    assert part(entry, "Cause").startswith("It was so\n")


def test_where_none_was_confirmed_the_possible_ones_are_named_as_that() -> None:
    causes = diagnosis(cause("a", "possible", "This"), cause("b", "possible", "That"), cause("c", "ruled out"))
    assert part(written(everything("unclear", diagnosis=causes)), "Cause") == (
        "None could be confirmed.\n\nPossible, since not everything could be seen: This; That"
    )


# Solution


def test_a_change_that_was_made_is_told_with_its_approval_and_verdict() -> None:
    verdicts = {f"event_{number}": {"at": AT, "text": "", "verdict": one} for number, one in enumerate(VERDICTS)}
    told = "; ".join(f"{one} (2026-11-21 23:58)" for one in VERDICTS)
    assert solution(approval_1=question(), change_1_0=CHANGE, event_9={"at": AT, "text": "no verdict"}, **verdicts) == [
        "recovered",
        "",
        "- Approved by a@x.fr (2026-11-21 23:58), b@x.fr (2026-11-21 23:58)",
        "  - Mends it: from on lo to on all",
        f"- Verdict: {told}",
    ]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Mends it: from on lo to on all"),
        ({"undone": True}, "Undone: Mends it: back from on all to on lo"),
        ({"undone": True, "state": "started"}, "Undone: Mends it: back from on all to on lo"),
        ({"undone": True, "undoing": "c"}, "Undone: Mends it: back from on all to on lo"),
        ({"undoing": "c"}, "Perhaps undone, its undo did not come to an end: Mends it: from on lo to on all"),
        ({"state": "started"}, "Interrupted, perhaps made: Mends it: from on lo to on all"),
        ({"state": "running"}, "Interrupted, perhaps made: Mends it: from on lo to on all"),
        ({"before": {"on": "all"}}, "Mends it: was on all already, nothing was changed"),
    ],
)
def test_what_has_become_of_a_change(values: dict[str, Any], told: str) -> None:
    lines = solution("not fixed", approval_1=question(), change_1_0=CHANGE | values)
    assert f"  - {told}" in lines
    changed = "before" not in values
    assert ("- Nothing was changed." in lines) is not changed
    assert ("- Verdict: unknown: it was not validated" in lines) is changed


def test_changes_stand_in_the_order_of_the_plan_under_their_own_question() -> None:
    steps = {f"change_2_{number}": CHANGE for number in (1, 0)}
    lines = solution(approval_2=question(number=2, text="Later"), approval_1=question("replaced"), **steps)
    assert lines[2:] == [
        "- The plan has changed: question 1 is replaced",
        "- Approved by a@x.fr (2026-11-21 23:58), b@x.fr (2026-11-21 23:58)",
        "  - Later: from on lo to on all",
        "  - Later too: from on lo to on all",
    ]


@pytest.mark.parametrize(
    ("outcome", "asked", "told"),
    [
        (
            "refused",
            question(),
            ["- Approved by a@x.fr (2026-11-21 23:58), b@x.fr (2026-11-21 23:58)", "  - Not carried out."],
        ),
        ("expired", question("expired", decisions=[]), ["- Nobody decided in time"]),
        ("healthy", question("withdrawn"), ["- The question is withdrawn"]),
    ],
)
def test_what_was_asked_and_not_done(outcome: str, asked: dict[str, Any], told: list[str]) -> None:
    lines = solution(outcome, approval_1=asked)
    assert [line for line in told if line not in lines] == []
    assert ("- Nothing was changed." in lines) is (outcome not in UNCHANGED)


def test_what_nobody_was_asked_for_is_the_policys() -> None:
    decisions = [question()["decisions"][0] | {"approver": "policy", "channel": "policy"}]
    lines = solution(approval_1=question(needed=0, decisions=decisions), change_1_0=CHANGE)
    assert "- Approved by the service's policy, which asks nobody" in lines


@pytest.mark.parametrize("outcome", sorted(UNCHANGED))
def test_nothing_is_said_to_be_unchanged_where_something_was_changed(outcome: str) -> None:
    lines = solution(outcome, approval_1=question(), change_1_0=CHANGE)
    assert lines[0] == "a first change was made, the next one was not; handed to people"
    assert "nothing was changed" not in "\n".join(lines).lower()


def test_the_outcomes_that_say_it_are_known() -> None:
    assert {outcome for outcome, text in OUTCOMES.items() if "nothing was" in text} == UNCHANGED


def test_what_people_have_to_do_is_told_and_what_they_did_is_left_to_them() -> None:
    causes = diagnosis(cause(text="First", manual="Look at it:\n# dig\n"), cause("b", text="Second"))
    lines = part(written(everything("manual", diagnosis=causes)), "Solution").splitlines()
    assert lines[2:] == [
        "- What the runbook asks people to do: Look at it: \\# dig",
        "- What people did by hand: *to be written by the team*",
    ]


# Prevention


def test_a_confirmed_causes_prevention_is_the_runbooks() -> None:
    assert part(written(everything()), "Prevention") == "The script deploy-verified.sh, and automatic monitoring"


def test_of_several_causes_each_has_its_own_or_a_blank() -> None:
    causes = diagnosis(cause(text="First"), cause("unknown-here", text="Second"), cause("x", "possible"))
    assert part(written(everything(diagnosis=causes)), "Prevention").splitlines() == [
        "- First: The script deploy-verified.sh, and automatic monitoring",
        "- Second: *to be written by the team*",
    ]


@pytest.mark.parametrize("causes", [[], [cause(standing="possible")], [cause("unknown-here")]])
def test_where_the_runbook_knows_none_it_is_left_to_the_team(causes: list[RankedCause]) -> None:
    assert part(written(everything(diagnosis=diagnosis(*causes))), "Prevention") == "*to be written by the team*"


# What comes from outside


def outside(text: str) -> Everything:
    """Write an incident whose every text from outside is this one."""
    changes = {"before": {text: text}, "after": {text: [text]}}
    said = question()["decisions"]
    rejected = [said[0] | {"decision": "rejected", "approver": text, "words": text}]
    approved = [one | {"approver": f"{one['approver']} {text}"} for one in said]
    causes = [cause(text=text, manual=text), cause("other", text=f"{text}!", supporting=[text])]
    return everything(
        "manual",
        items={
            "approval#1": question(text=text, decisions=approved),
            "change#1#0": CHANGE | changes,
            "change#1#1": CHANGE | changes | {"undone": True},
            "approval#2": question("rejected", 2, text, decisions=rejected),
        },
        trigger={"kind": "alarm", "name": text, "reason": text},
        diagnosis=diagnosis(*causes),
        wrong=[text, f"{text} ({text})"],
        incident=text,
    )


@given(parsed.nasty)
def test_no_text_from_outside_breaks_the_structure_or_passes_for_a_line_of_ours(text: str) -> None:
    entry, plain = written(outside(text)), written(outside("X9X"))
    assert parsed.structure(entry) == parsed.structure(plain)
    shown = redact(parsed.line(text))
    expected = [parsed.line(one.replace("X9X", shown)) for one in parsed.texts(plain)]
    assert [squeezed(one) for one in parsed.texts(entry)] == [squeezed(one) for one in expected]


def squeezed(text: str) -> str:
    """Write a text without its spaces: at the ends of a text from outside there may be some, which are not ours."""
    return "".join(text.split())


def test_secrets_are_struck_out_of_all_of_it() -> None:
    entry = written(outside("password=hunter22"))
    assert "hunter22" not in entry
    assert entry.count("password=\\[redacted\\]") >= 15


def test_however_much_there_is_a_text_is_cut() -> None:
    assert len(written(outside("x" * 300_000))) < 65_536


def test_the_entry_is_told_by_json_too() -> None:
    entry = written(outside("“é” \\ \x00"))
    assert json.loads(json.dumps(entry)) == entry
