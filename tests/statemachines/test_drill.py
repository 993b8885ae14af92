import re

import pytest
from pydantic import ValidationError

from functions.core import catalogue
from functions.core.drilled import looks
from infra.state_machine import invoked
from statemachines import load
from statemachines.drill import compile_drill
from statemachines.looking import AT_ONCE
from statemachines.model import Drill, Runbook, Service
from statemachines.states import State, States

RUNBOOKS = load.runbooks()
SERVICES = load.services()
every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)


def mine(service: Service) -> list[Runbook]:
    """List the runbooks of a service."""
    return [RUNBOOKS[name] for name in service.runbooks]


def compiled(service: Service) -> States:
    """Compile a service's drill; return its states."""
    definition = compile_drill(service, mine(service), lambda name: f"arn:{name}")
    assert definition["StartAt"] in definition["States"]
    states: States = definition["States"]
    return states


def branches(states: States) -> list[State]:
    """List the branches of all parallel states."""
    return [branch for state in states.values() for branch in state.get("Branches", [])]


@every_service
def test_it_calls_checks_and_its_report_and_nothing_else(service: Service) -> None:
    called = set(invoked(compiled(service)))
    assert called == {f"arn:check/{use.check}" for one in mine(service) for use in one.checks.values()} | {
        "arn:workflow/report_drill"
    }
    assert {arn.partition("/")[2] for arn in called if "check/" in arn} <= catalogue.checks().keys()


@every_service
def test_each_check_is_given_what_the_service_file_says(service: Service) -> None:
    tasks = [branch["States"][branch["StartAt"]] for branch in branches(compiled(service))]
    given = [(task["Arguments"]["FunctionName"], task["Arguments"]["Payload"]["parameters"]) for task in tasks]
    found = looks(service, mine(service)).values()
    assert given == [(f"arn:check/{look.check}", look.parameters) for look in found]
    assert not any("{" in str(value) for _, parameters in given for value in parameters.values())


@every_service
def test_what_cannot_be_read_does_not_end_it(service: Service) -> None:
    for branch in branches(compiled(service)):
        name = branch["StartAt"]
        (caught,) = branch["States"][name]["Catch"]
        unknown = branch["States"][caught["Next"]]
        assert caught["ErrorEquals"] == ["States.ALL"]
        assert unknown["Output"].keys() == branch["States"][name]["Output"].keys() == {name.removeprefix("Check ")}


@every_service
def test_a_few_things_at_a_time_one_after_the_other_and_all_of_it_is_reported(service: Service) -> None:
    states = compiled(service)
    steps, at = [], "Look 1"
    while at != "Done":
        steps.append(at)
        at = states[at]["Next"]
    looking = steps[:-1]
    assert looking == [name for name in states if name.startswith("Look ")]
    assert steps[-1] == "Report"
    assert all(len(states[name]["Branches"]) <= AT_ONCE for name in looking)
    assert "$findings" not in states[looking[0]]["Assign"]["findings"]
    assert all("$findings" in states[name]["Assign"]["findings"] for name in looking[1:])
    assert states["Report"]["Arguments"]["Payload"]["findings"] == "{% $findings %}"


@every_service
def test_a_drill_that_fails_fails_loudly(service: Service) -> None:
    states = compiled(service)
    assert {caught["Next"] for state in states.values() for caught in state.get("Catch", [])} == {"Failed"}
    assert states["Failed"]["Type"] == "Fail"


@every_service
def test_every_state_can_be_named_and_read_in_the_console(service: Service) -> None:
    states = compiled(service)
    everything = [states, *(branch["States"] for branch in branches(states))]
    assert all(state["Comment"] and len(name) <= 80 for scope in everything for name, state in scope.items())


def test_the_time_is_one_of_the_day() -> None:
    assert Drill.model_validate({"at": "23:59"}).at == "23:59"
    for wrong in ("24:00", "7:30", "07:60", "noon", ""):
        with pytest.raises(ValidationError):
            Drill.model_validate({"at": wrong})


def test_without_a_word_it_runs_once_a_day() -> None:
    given = SERVICES["ganopa-bot"].model_dump(by_alias=True, exclude={"drill"})
    assert re.fullmatch(r"\d\d:\d\d", Service.model_validate(given).drill.at)


def test_no_runbook_may_take_its_name() -> None:
    given = SERVICES["ganopa-bot"].model_dump(by_alias=True)
    with pytest.raises(ValidationError, match="a runbook cannot be called drill"):
        Service.model_validate(given | {"runbooks": given["runbooks"] | {"drill": {}}})
