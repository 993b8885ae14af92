from typing import Any

import pytest

from functions.core.diagnosis import Diagnosis, Findings, broken, diagnose, healthy
from statemachines import compile as compiling
from statemachines import load
from statemachines.compiled import Compiled
from statemachines.model import Runbook
from tests.pseudo import english

NAMES = ("a.yes", "a.no", "b.yes", "b.no")
QUESTIONS = {check: {"yes": f"{check} says yes", "no": f"{check} says no"} for check in "ab"}
RUNBOOK = Runbook.model_validate(
    {
        "name": "small",
        "title": "Small",
        "source": "here",
        "symptoms": [],
        "checks": {check: {"check": "http_endpoint", "with": {}} for check in "ab"},
        "causes": [
            {
                "name": "first",
                "title": "First",
                "confirmed_by": ["a.yes"],
                "ruled_out_by": ["b.no"],
                "manual": "{a.fact}",
            },
            {"name": "second", "title": "Second", "confirmed_by": ["a.yes", "b.yes"], "manual": "Do {thing}"},
            {"name": "third", "title": "Third", "confirmed_by": ["a.no"], "supported_by": ["b.no"], "manual": "Wait"},
        ],
        "validation": {"signals": ["a.yes", "b.yes"], "every": 1, "attempts": 1},
    }
)
Answers = dict[str, bool | None]


def found(given_answers: Answers, **facts: Any) -> Findings:
    """Write findings with these signals; a check of which none is given has not answered."""
    return Findings(
        {
            check: {
                "summary": f"{check} seen",
                "signals": {name[2:]: answer for name, answer in given_answers.items() if name[0] == check},
                "facts": facts,
            }
            for check in {name[0] for name in given_answers}
        },
        QUESTIONS,
    )


def standings(given_answers: Answers) -> dict[str, str]:
    """Say how each cause stands."""
    ranked = diagnose(RUNBOOK, found(given_answers), {"thing": "this"}).causes
    return {cause.name: cause.standing for cause in ranked}


@pytest.mark.parametrize(
    ("given_answers", "standing"),
    [
        ({"a.yes": True, "b.no": False}, "confirmed"),
        ({"a.yes": True, "b.no": True}, "ruled out"),
        ({"a.yes": False, "b.no": False}, "ruled out"),
        ({"a.yes": False, "b.no": None}, "ruled out"),
        ({"a.yes": None, "b.no": True}, "ruled out"),
        ({"a.yes": True, "b.no": None}, "possible"),
        ({"a.yes": None, "b.no": False}, "possible"),
        ({"a.yes": None, "b.no": None}, "possible"),
        ({"a.yes": True}, "possible"),
        ({}, "possible"),
    ],
)
def test_how_a_cause_stands(given_answers: Answers, standing: str) -> None:
    assert standings(given_answers)["first"] == standing


def test_causes_are_ranked_by_standing_and_then_as_the_runbook_says() -> None:
    ranked = diagnose(RUNBOOK, found({"a.yes": True, "a.no": True, "b.yes": None, "b.no": False}), {"thing": "this"})
    assert [(cause.name, cause.standing) for cause in ranked.causes] == [
        ("first", "confirmed"),
        ("third", "confirmed"),
        ("second", "possible"),
    ]
    assert ranked.headline == "First; Third"


def test_every_conclusion_comes_with_its_evidence() -> None:
    third = diagnose(RUNBOOK, found({"a.no": True, "b.no": False}), {"thing": "this"}).confirmed[0]
    assert third.supporting == ["a says no (a seen)"]
    assert third.opposing == ["Not so: b says no (b seen)"]
    (second,) = [cause for cause in diagnose(RUNBOOK, found({}), {"thing": "this"}).causes if cause.name == "second"]
    why = "unknown: the check {} failed: no answer"
    assert second.unknown == [f"Unknown: {name} says yes ({why.format(name)})" for name in "ab"]


def test_instructions_are_filled_with_facts_and_resources() -> None:
    by_name = {cause.name: cause.manual for cause in diagnose(RUNBOOK, found({}), {"thing": "this"}).causes}
    assert by_name == {"first": "unknown", "second": "Do this", "third": "Wait"}
    known = diagnose(RUNBOOK, found({"a.yes": True}, fact=["x", "y"]), {"thing": "this"})
    assert known.causes[0].manual == "x, y"


@pytest.mark.parametrize(
    ("given_answers", "verdict"),
    [
        ({"a.yes": False, "b.yes": False}, True),
        ({"a.yes": False, "b.yes": True}, False),
        ({"a.yes": None, "b.yes": True}, False),
        ({"a.yes": False, "b.yes": None}, None),
        ({"a.yes": False}, None),
        ({}, None),
    ],
)
def test_healthy_is_what_is_known_to_be_well(given_answers: Answers, verdict: bool | None) -> None:  # noqa: FBT001
    assert healthy(RUNBOOK, found(given_answers)) is verdict


def test_broken_is_what_is_known_to_be_wrong() -> None:
    assert broken(RUNBOOK, found({"a.yes": None, "b.yes": True, "a.no": True})) == ["b.yes"]


def test_headlines() -> None:
    def headline(given_answers: Answers) -> str:
        return diagnose(RUNBOOK, found(given_answers), {"thing": "this"}).headline

    assert headline(dict.fromkeys(NAMES, False)) == "The service is healthy"
    assert headline({}) == "No cause could be confirmed"


def real(*, answer: bool | None) -> Diagnosis:
    """Diagnose by a runbook of the repository, where every check gives the same answer to everything it is asked."""
    service, runbook = load.services()["ganopa-bot"], load.runbooks()["webhook_unavailable"]
    known: Compiled = compiling.compiled(service, runbook)
    findings = {
        name: {"summary": "", "signals": dict.fromkeys(questions, answer)}
        for name, questions in known.questions.items()
    }
    return diagnose(runbook, Findings(findings if answer is not None else {}, known.questions), service.resources)


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize("answer", [True, False, None])
def test_nothing_that_a_person_reads_escapes_translation(*, answer: bool | None) -> None:
    diagnosis = real(answer=answer)
    for cause in diagnosis.causes:
        for text in [cause.title, cause.manual, *cause.supporting, *cause.opposing, *cause.unknown]:
            english(text)
    english(diagnosis.headline)
    assert [english(summary) for summary in diagnosis.summaries.values()]


def test_a_diagnosis_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_LANGUAGE", "fr")
    inactive = real(answer=None).causes[0]
    assert (inactive.title, inactive.standing) == ("Le service ECS est INACTIVE", "possible")
    why = "inconnu : le contrôle service a échoué : pas de réponse"
    assert inactive.unknown[0] == f"Inconnu : Le service est INACTIVE ({why})"
