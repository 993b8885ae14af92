"""What holds for the diagnosis of every runbook, whatever its checks found."""

from random import Random

from hypothesis import given

from functions.core.diagnosis import ORDER, Diagnosis, Findings, diagnose
from statemachines.model import Runbook
from tests.functions.arbitrary import (
    QUESTIONS,
    SERVICE,
    Answers,
    answers,
    findings,
    orders,
    proven,
    reordered,
    runbooks,
    signals,
)


def diagnosed(runbook: Runbook, known: Answers) -> Diagnosis:
    return diagnose(runbook, Findings(findings(known), QUESTIONS), SERVICE.resources)


def standings(diagnosis: Diagnosis) -> dict[str, str]:
    return {cause.name: cause.standing for cause in diagnosis.causes}


@given(runbooks, answers, orders)
def test_the_same_findings_in_any_order_are_the_same_diagnosis(runbook: Runbook, known: Answers, order: Random) -> None:
    turned = Findings(reordered(findings(known), order), QUESTIONS)
    again = diagnose(runbook, turned, SERVICE.resources)
    assert again.model_dump_json() == diagnosed(runbook, known).model_dump_json()


@given(runbooks, answers)
def test_a_cause_is_confirmed_by_proof_alone(runbook: Runbook, known: Answers) -> None:
    confirmed = {cause.name for cause in diagnosed(runbook, known).confirmed}
    assert confirmed == {cause.name for cause in runbook.causes if proven(cause, known)}


@given(runbooks, answers)
def test_a_cause_is_ruled_out_by_what_is_known_and_never_by_what_is_not(runbook: Runbook, known: Answers) -> None:
    against = {
        cause.name
        for cause in runbook.causes
        if any(known.get(signal) is False for signal in cause.confirmed_by)
        or any(known.get(signal) is True for signal in cause.ruled_out_by)
    }
    ruled_out = {name for name, standing in standings(diagnosed(runbook, known)).items() if standing == "ruled out"}
    assert ruled_out == against


@given(runbooks, answers)
def test_every_cause_is_ranked_once_by_standing_and_then_as_the_runbook_says(runbook: Runbook, known: Answers) -> None:
    names = [cause.name for cause in runbook.causes]
    ranked = [(cause.standing, cause.name) for cause in diagnosed(runbook, known).causes]
    assert ranked == sorted(ranked, key=lambda one: (ORDER.index(one[0]), names.index(one[1])))
    assert sorted(name for _, name in ranked) == sorted(names)


@given(runbooks, answers)
def test_healthy_is_only_what_is_known_to_be_well(runbook: Runbook, known: Answers) -> None:
    healthy = diagnosed(runbook, known).healthy
    asked = [known.get(signal) for signal in runbook.validation.signals]
    assert (healthy is True) == all(answer is False for answer in asked)
    assert (healthy is False) == (True in asked)


@given(runbooks, answers, signals)
def test_knowing_less_never_confirms_a_cause_nor_makes_anything_healthy(
    runbook: Runbook, known: Answers, forgotten: str
) -> None:
    more, less = diagnosed(runbook, known), diagnosed(runbook, known | {forgotten: None})
    assert {cause.name for cause in less.confirmed} <= {cause.name for cause in more.confirmed}
    assert more.healthy or not less.healthy


@given(runbooks, answers)
def test_what_was_not_answered_is_worth_no_more_than_what_is_unknown(runbook: Runbook, known: Answers) -> None:
    said = {f"{check}.{question}": None for check, questions in QUESTIONS.items() for question in questions} | known
    silent, explicit = diagnosed(runbook, known), diagnosed(runbook, said)
    assert (standings(silent), silent.healthy) == (standings(explicit), explicit.healthy)


@given(runbooks, answers)
def test_what_is_unknown_stands_as_unknown_beside_its_cause(runbook: Runbook, known: Answers) -> None:
    unknown = {cause.name: len(cause.unknown) for cause in diagnosed(runbook, known).causes}
    assert unknown == {
        cause.name: sum(known.get(signal) is None for signal in cause.signals) for cause in runbook.causes
    }
