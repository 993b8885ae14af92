from typing import Any

import pytest

from functions.core.outcomes import OUTCOMES
from functions.workflow import escalate
from functions.workflow.escalate import WHY
from statemachines import compiled
from tests.functions.workflow.conftest import Rules
from tests.functions.workflow.world import (
    AMEL,
    CLOSED_PORT,
    EMPTY,
    INCIDENT,
    KARIM,
    LINA,
    OF,
    REASON,
    RUNBOOK,
    Mail,
    World,
    findings,
)

CRASH = (*EMPTY, "tasks.container-exited", "logs.errors", "logs.missing-variable")
FACTS: dict[str, dict[str, Any]] = {
    "logs": {"error": "KeyError: 'TELEGRAM_BOT_TOKEN'", "variables": ["TELEGRAM_BOT_TOKEN"]},
    "tasks": {"exit_code": 1},
}
APPROVERS = [AMEL, KARIM, LINA]


def escalated(world: World, outcome: str, error: dict[str, Any] | None = None) -> Mail:
    """Escalate; return the first approver's mail."""
    assert escalate.handler({**OF, "outcome": outcome, "error": error or {}}) == {"told": APPROVERS}
    assert [mail.to for mail in world.mails] == APPROVERS
    return world.mails[0]


def test_the_mail_says_what_is_known_and_what_to_do(world: World) -> None:
    world.open()
    world.conclude(findings(*CRASH, facts=FACTS, evidence={"logs": ["KeyError: 'TELEGRAM_BOT_TOKEN'"]}))
    mail = escalated(world, "manual")
    assert mail.subject == "[ganopa-bot] Needs you: The container lacks an environment variable and exits"
    parts = mail.text.split("\n\n")
    assert parts[0] == (
        "Bot Telegram de api.maisonganopa.com needs a person: there is nothing that may be repaired automatically"
    )
    assert parts[1] == f"WHAT IS WRONG\n{REASON}"
    known = compiled.read(RUNBOOK).questions
    assert parts[2].splitlines() == [
        "DIAGNOSIS",
        "confirmed: The container lacks an environment variable and exits",
        f"  + {known['logs']['missing-variable']} (logs was looked at)",
        f"  + {known['tasks']['container-exited']} (tasks was looked at)",
        f"  + {known['targets']['no-targets']} (targets was looked at)",
        f"  + {known['health']['failing']} (health was looked at)",
    ]
    assert parts[3].startswith("What to do:\nThe container exits at start (exit code 1): it needs TELEGRAM_BOT_TOKEN.")
    assert "\nlogs: logs was looked at\n    KeyError: 'TELEGRAM_BOT_TOKEN'" in mail.text
    assert mail.text.endswith(f"\n\nIncident {INCIDENT} - The webhook answers 503 or 504")
    assert "ERROR" not in parts
    assert world.timeline[-1] == f"Escalated to {', '.join(APPROVERS)}: {WHY['manual']}"


def test_causes_that_are_only_possible_are_listed_with_what_is_unknown(world: World) -> None:
    world.open()
    world.conclude(findings(*EMPTY, failed=["firewall"]))
    text = escalated(world, "unclear").text
    assert "possible: The tasks' security group does not let the load balancer in\n" in text
    assert "\n  ? " in text
    assert "ruled out" not in text
    assert "What to do:" not in text


def test_the_automations_own_error_is_told_without_secrets(world: World) -> None:
    world.open()
    cause = '{"errorMessage": "no TELEGRAM_BOT_TOKEN=12345678:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw9", "stackTrace": ["a'
    text = escalated(world, "failed", {"Error": "ClientError", "Cause": cause}).text
    assert "\n\nERROR\nClientError: no TELEGRAM_BOT_TOKEN=[redacted]\n" in text


def test_an_incident_that_could_not_be_opened_is_escalated_too(world: World) -> None:
    mail = escalated(world, "failed", {"Error": "States.Timeout"})
    assert "\nERROR\nStates.Timeout\n" in mail.text
    assert "An engineer started the runbook by hand." in mail.text
    assert INCIDENT in mail.text


def test_an_incident_without_a_diagnosis_is_escalated_too(world: World) -> None:
    world.open()
    text = escalated(world, "failed", {"Error": "ClientError", "Cause": "throttled"}).text
    assert "DIAGNOSIS" not in text
    assert "ClientError: throttled" in text


@pytest.mark.parametrize("outcome", WHY)
def test_every_outcome_has_a_short_subject(world: World, outcome: str) -> None:
    world.open()
    mail = escalated(world, outcome)
    assert len(mail.subject) < 100
    assert mail.subject.startswith("[ganopa-bot] Needs you: ")


def test_every_outcome_that_needs_a_person_has_its_reason() -> None:
    nothing_to_do = {"recovered", "healthy", "rejected", "expired", "diagnosed"}
    assert OUTCOMES.keys() - WHY.keys() <= nothing_to_do
    assert WHY.keys() <= OUTCOMES.keys()


def test_a_plan_beyond_the_limits_is_told_with_its_reasons_and_what_it_would_have_been(
    world: World, rules: Rules
) -> None:
    rules(also={"limits": {"open_security_group_port": {"bounds": {"port": {"most": 1023}}}}})
    world.open()
    assert world.conclude(findings(*CLOSED_PORT))["outcome"] == "limited"
    text = escalated(world, "limited").text
    (step,) = world.plan.steps
    told = text.partition("\n\nNOT PROPOSED\n")[2].partition("\n\nWHAT HAPPENED")[0]
    assert [line for line in told.splitlines() if line] == [
        "open_security_group_port: port is 8000, at most 1023.0",
        "It would have been:",
        f"1. {step.effect}",
        f"   before: {step.before}",
        f"   after: {step.after}",
    ]


@pytest.mark.parametrize("outcome", ["not fixed", "refused", "failed"])
def test_a_plan_that_was_proposed_is_not_told_as_if_it_was_not(world: World, outcome: str) -> None:
    world.ask()
    world.escalate()
    sent = len(world.mails)
    escalate.handler({**OF, "outcome": outcome, "error": {}})
    assert "NOT PROPOSED" not in world.mails[sent].text
