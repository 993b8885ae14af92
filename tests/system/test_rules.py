"""Stricter rules, on a second deployed service: two people, typed names, own requests, decisions by command."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sandbox import approver
from sandbox.cloud import Sandbox
from sandbox.watch import run_out
from sandbox.world import World
from statemachines.model import Service
from tests.system.people import People, Shell, proven
from tests.system.run import SECONDS, Run
from tests.system.strict_app import AMEL, KARIM, LINA

Begin = Callable[[str], Run]
TWO, HIGH, ONE = "wrong-health-path", "detached", "closed-port"


def approve(run: Run, who: str, **form: str) -> approver.Page:
    """Approve through somebody's link."""
    link = run.links(who)[-1]
    return approver.send(link, approver.look(link).form | {"decision": "approve", **form})


def test_two_different_people_have_to_approve(begin: Begin) -> None:
    run = begin(TWO)
    for _ in range(2):
        assert approve(run, AMEL).status == 200
    assert run.question()["state"] == "pending"
    assert "1 more person has to approve." in approver.look(run.links(KARIM)[0]).html
    approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"
    assert [one["approver"] for one in run.question()["decisions"]] == [AMEL, KARIM]


def _mailed(run: Run, call: int) -> bool:
    return bool(run.question()["mailed"] == call)


def test_first_of_two_counts_on_the_next_level_too(sandbox: Sandbox, world: World, begin: Begin) -> None:
    run = begin(TWO)
    approve(run, AMEL)
    for call in (1, 2):
        run_out(sandbox, run.execution)
        world.wait_until(partial(_mailed, run, call), SECONDS)
    assert len(run.mails(AMEL)) == 1
    assert approve(run, LINA).status == 400
    approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"


def test_high_risk_asks_to_type_the_services_name(begin: Begin) -> None:
    run = begin(HIGH)
    refused = [approve(run, AMEL), approve(run, AMEL, service="ganopa-bot")]
    assert {page.status for page in refused} == {400}
    assert "type the service&#39;s name, strict-bot" in refused[0].html
    assert run.question()["decisions"] == []
    assert approve(run, AMEL, service="strict-bot").status == 200
    approve(run, KARIM, service="strict-bot")
    assert run.end()["outcome"] == "recovered"


# Own requests


def test_who_started_it_cannot_approve_it(strict: Service, world: World, people: People) -> None:
    _break(world)
    run = people("karim").start(strict)
    run.asked()
    proven(run)
    page = approve(run, KARIM)
    assert (page.status, "You started this incident yourself" in page.html) == (400, True)
    assert (run.record["requester"]["proof"], run.record["requester"]["who"]) == ("CloudTrail", KARIM)
    approve(run, AMEL)
    assert run.end()["outcome"] == "recovered"
    assert run.question()["needed"] == 1


def test_what_a_person_declares_lets_nobody_approve_alone(strict: Service, world: World, people: People) -> None:
    _break(world)
    run = people("karim").start(strict, requester=LINA)
    run.asked()
    assert run.record["requester"] == {"who": LINA, "principal": "", "proof": "declared"}
    assert "2 different people have to approve." in run.mail(AMEL).body
    approve(run, KARIM)
    assert run.question()["state"] == "pending"
    proven(run)
    approve(run, AMEL)
    assert run.end()["outcome"] == "recovered"
    assert run.record["requester"]["who"] == KARIM


def test_of_a_stranger_who_started_it_one_more_has_to_approve(strict: Service, world: World, people: People) -> None:
    _break(world)
    run = people("stranger").start(strict)
    run.asked()
    proven(run)
    approve(run, AMEL)
    assert run.question()["state"] == "pending"
    approve(run, KARIM)
    assert run.end()["outcome"] == "recovered"
    assert "user/stranger" in run.record["requester"]["principal"]


@pytest.mark.parametrize("given", [{"trigger": {"kind": "alarm", "name": "x", "reason": "y", "at": "now"}}])
def test_nobody_passes_for_an_alarm(strict: Service, people: People, given: dict[str, Any]) -> None:
    run = people("karim").start(strict, **given)
    told = run.end()
    assert (told["status"], "trigger" in told["cause"]) == ("FAILED", True)


def _break(world: World) -> None:
    world.break_(ONE)
    world.wait_until(lambda: not world.healthy(), SECONDS)


# By command


@pytest.fixture
def karim(people: People, strict: Service) -> Shell:
    """Karim's own IAM user, who may start both services' runbooks and decide."""
    return people("karim", "ganopa-bot-approver", f"{strict.name}-approver")


def test_command_decides_and_records_the_principal(karim: Shell, ganopa: Run) -> None:
    shown = karim.approve(ganopa, typed="no\n")
    assert (shown.returncode, "Nothing was decided" in shown.stdout) == (1, True)
    done = karim.approve(ganopa, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ganopa.end()["outcome"] == "recovered"
    (decision,) = ganopa.question()["decisions"]
    principal = "arn:aws:iam::123456789012:user/karim"
    assert (decision["channel"], decision["approver"], decision["principal"]) == ("command", KARIM, principal)
    assert principal in decision["proof"]


@pytest.fixture
def ganopa(sandbox: Sandbox, world: World) -> Run:
    """An open question of the service whose approvers have principals."""
    world.break_(ONE)
    world.wait_until(lambda: not world.healthy(), SECONDS)
    run = Run.by_hand(sandbox)
    run.asked()
    return run


def test_command_without_the_policy_is_forbidden(people: People, ganopa: Run) -> None:
    nobody = people("nobody")
    assert "403: Forbidden" in nobody.approve(ganopa, "--yes").stdout
    assert ganopa.question()["state"] == "pending"


def test_command_of_a_principal_that_is_nobodys_is_refused(people: People, ganopa: Run) -> None:
    visitor = people("visitor", "ganopa-bot-approver")
    answer = visitor.approve(ganopa, "--yes")
    assert (answer.returncode, "user/visitor" in answer.stdout) == (2, True)
    assert ganopa.question()["state"] == "pending"


def test_one_person_by_link_and_by_command_counts_once(begin: Begin, karim: Shell) -> None:
    run = begin(TWO)
    approve(run, KARIM)
    assert karim.approve(run, "--yes").returncode == 0
    assert run.question()["state"] == "pending"
    approve(run, AMEL)
    assert run.end()["outcome"] == "recovered"
