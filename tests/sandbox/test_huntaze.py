"""Huntaze's account: good in all that its audit asks, and each incident is wrong in exactly one thing of it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from functions.core import catalogue
from functions.core.audited import looks
from functions.core.aws import Session
from sandbox.account import home
from sandbox.cloud import Sandbox
from sandbox.huntaze import SANDBOX_SECRET, Huntaze
from sandbox.incidents import BY_SERVICE, huntaze
from statemachines import load
from statemachines.audit_model import Audit
from statemachines.model import AUDIT, Service

Signals = dict[str, bool | None]
SERVICE = "huntaze"
ELSEWHERE = {"identity.other-account", "repository.state-files", "repository.secret-files"}  # not of this account
NAMES = [incident.name for incident in huntaze.WRONG]
# What one thing brings about with it
ALSO: dict[str, Signals] = {
    "firewalls-open-admin": {"open-ports": True},
    "images-never-scanned": {"critical-findings": None},
    "redis_nodes-alone": {"none": False},
}


@cache
def service() -> Service:
    """Return the service."""
    return load.services()[SERVICE]


@cache
def audit() -> tuple[Audit, list[str]]:
    """Return the service's audit and its regions."""
    use = service().audit
    assert use
    return load.audits()[use.audit], use.regions


def signal(name: str) -> str:
    """Return the signal that an incident is called after."""
    check, _, question = name.partition("-")
    return f"{check}.{question}"


WRONG = {one for row in audit()[0].rows for one in row.wrong} - ELSEWHERE


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The account; at the end, nothing was asked of it that it has no answer for."""
    with Sandbox.start(service=SERVICE) as started:
        yield started
        assert (started.unsimulated, started.failures) == ([], [])


@pytest.fixture(scope="module")
def account(sandbox: Sandbox) -> Huntaze:
    """The system."""
    system = sandbox.system(SERVICE)
    assert isinstance(system, Huntaze)
    return system


@pytest.fixture
def broken(account: Huntaze) -> Iterator[Huntaze]:
    """The system, healed afterwards."""
    yield account
    account.heal()


@pytest.fixture(scope="module")
def aws(sandbox: Sandbox) -> Iterator[Session]:
    """A session as functions have it, in the sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        yield Session()


@pytest.fixture(scope="module")
def good(aws: Session, account: Huntaze) -> dict[str, Any]:
    """What every check finds before anything is broken."""
    assert account.healthy()
    return findings(aws)


def findings(aws: Session, check: str = "") -> dict[str, Any]:
    """Ask the audit's checks, or one of them, in every region; return what each look found."""
    found = {}
    for name, look in looks(service(), *audit()).items():
        if check in ("", name.partition(" ")[0]):
            handler = catalogue.checks()[look.check]
            handler.session = aws
            found[name] = handler({"parameters": look.parameters})
            handler.session = None
    return found


def told(found: dict[str, Any]) -> dict[str, Signals]:
    """Return the signals of each look."""
    return {name: finding["signals"] for name, finding in found.items()}


def true(signals: dict[str, Signals]) -> set[str]:
    """List the signals that are true anywhere, with their checks."""
    return {
        f"{name.partition(' ')[0]}.{question}"
        for name, answers in signals.items()
        for question, answer in answers.items()
        if answer
    }


def test_the_account_is_where_the_services_file_says(sandbox: Sandbox) -> None:
    assert home() == service().region == "us-east-1"
    assert sandbox.system(SERVICE).healthy()


def test_nothing_is_wrong_or_unknown_in_a_good_account(good: dict[str, Any]) -> None:
    signals = told(good)
    regions = {name.partition(" ")[2] for name in signals} - {""}
    assert regions == {"us-east-1", "us-east-2"}
    wrong = {
        f"{name}: {question}"
        for name, answers in signals.items()
        for question, answer in answers.items()
        if answer is not False and (question != "none" or f"{name.partition(' ')[0]}.none" in WRONG)
    }
    assert wrong == set()


def test_there_is_something_of_every_kind(good: dict[str, Any]) -> None:
    signals = told(good)
    for one in {one for row in audit()[0].rows for one in row.nothing}:
        check, _, question = one.partition(".")
        answers = [answers[question] for name, answers in signals.items() if name.partition(" ")[0] == check]
        assert False in answers, one


def test_there_is_an_incident_for_each_signal() -> None:
    assert sorted(map(signal, NAMES)) == sorted(WRONG)
    assert set(BY_SERVICE[SERVICE]) > set(NAMES)
    assert {incident.runbook for incident in huntaze.WRONG} == {AUDIT}


@pytest.mark.parametrize("name", NAMES)
def test_an_incident_is_wrong_in_one_thing(name: str, broken: Huntaze, aws: Session, good: dict[str, Any]) -> None:
    broken.break_(name)
    assert not broken.healthy()
    after = told(findings(aws, name.partition("-")[0]))
    changed = [
        {question: answer for question, answer in answers.items() if answer != told(good)[look][question]}
        for look, answers in after.items()
        if answers != told(good)[look]
    ]
    assert changed == [{signal(name).partition(".")[2]: True} | ALSO.get(name, {})]


def test_all_that_is_wrong_is_healed_at_once_however_often_it_was_broken(
    broken: Huntaze, aws: Session, good: dict[str, Any]
) -> None:
    names = [name for name in NAMES if name != "senders-no-domain"]  # without which nothing else is wrong with one
    broken.break_("+".join([*names, *names]))
    after = told(findings(aws))
    assert WRONG & true(after) == {signal(name) for name in names}
    broken.heal()
    assert told(findings(aws)) == told(good)


def test_a_secret_is_where_nobody_may_look_and_in_no_finding(sandbox: Sandbox, broken: Huntaze, aws: Session) -> None:
    broken.break_(
        "app_variables-aws-keys+app_variables-secret-names+task_variables-aws-keys+task_variables-secret-names"
    )
    amplify, ecs = sandbox.client("amplify"), sandbox.client("ecs")
    app = service().resources["app"]
    places = [
        amplify.get_app(appId=app)["app"],
        amplify.list_branches(appId=app)["branches"],
        ecs.describe_task_definition(taskDefinition="huntaze-app")["taskDefinition"],
    ]
    assert all(SANDBOX_SECRET in str(place) for place in places)
    assert SANDBOX_SECRET not in json.dumps(findings(aws))


@pytest.mark.parametrize("name", [one.name for one in huntaze.INCIDENTS if one.name not in NAMES])
def test_the_app_is_broken_and_healed(name: str, broken: Huntaze) -> None:
    broken.break_(name)
    assert not broken.healthy()
    broken.heal()
    assert broken.healthy()
