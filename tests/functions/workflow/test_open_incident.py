from typing import Any

import pytest

from functions.core import occasions
from functions.core.incidents import Incidents
from functions.workflow import open_incident
from statemachines import compiled
from tests.functions.workflow.world import AMEL, INCIDENT, OF, RUNBOOK, TRIGGER, World

ALLOWED = (
    'Allowed: {} or {"mode": "fix" | "diagnose", "parameters": {…}, "requester": "you@example.com"} '
    "with the parameters health_url, webhook_url."
)
PATTERN = r"^https://api\.maisonganopa\.com/[A-Za-z0-9/_-]*$"
URL = "https://api.maisonganopa.com/ready"


def refused(world: World, given: Any) -> str:
    """Open with a bad input; return the sentence, once it is sure that nothing was written."""
    answer = open_incident.handler({**OF, "input": given})
    assert answer["checks"] == {}
    assert world.items == []
    return str(answer["refused"])


def test_an_empty_input_opens_the_incident(world: World) -> None:
    answer = world.open({})
    assert (answer["refused"], answer["mode"]) == ("", "fix")
    assert world.record["state"] == "open"
    assert world.record["trigger"] == {"kind": "person"}
    assert world.timeline == ["Opened: started by hand"]


def test_the_parameters_of_every_check_come_from_the_service_file(world: World) -> None:
    checks = world.open({})["checks"]
    assert checks["health"] == {"url": "https://api.maisonganopa.com/health", "accept": "200"}
    assert checks["firewall"]["port"] == 8000  # a number stays one


def test_an_alarm_is_remembered_as_what_started_it(world: World) -> None:
    world.open({"trigger": TRIGGER})
    assert world.record["trigger"] == TRIGGER | {"parameters": {}}
    assert world.timeline == [f"Opened: {TRIGGER['reason']}"]


def test_who_started_it_by_hand_may_say_so(world: World) -> None:
    world.open({"requester": AMEL})
    assert world.record["requester"] == {"who": AMEL, "principal": "", "proof": "declared"}


def test_who_started_it_by_hand_and_does_not_say_so_is_unknown(world: World) -> None:
    world.open({})
    assert world.record["requester"] == {"who": "", "principal": "", "proof": "none"}


def test_what_an_alarm_started_has_no_requester(world: World) -> None:
    world.open({"trigger": TRIGGER})
    assert "requester" not in world.record


@pytest.mark.parametrize(
    "who", ["amel", "amel@", "@x.example", "a b@x.example", "a@x\nb", f"{'a' * 100}@x.example", 1, None]
)
def test_a_requester_that_is_no_mail_address_is_refused(world: World, who: Any) -> None:
    assert refused(world, {"requester": who}).startswith("requester: ")


def test_diagnose_is_handed_on(world: World) -> None:
    assert world.open({"mode": "diagnose"})["mode"] == "diagnose"
    assert world.record["mode"] == "diagnose"


def test_an_override_reaches_the_checks_and_the_record(world: World) -> None:
    checks = world.open({"parameters": {"health_url": URL}})["checks"]
    assert checks["health"]["url"] == URL
    assert checks["webhook"]["url"] == "https://api.maisonganopa.com/telegram/webhook"
    assert world.record["overrides"] == {"health_url": URL}


def test_a_retried_open_changes_nothing(world: World) -> None:
    first = world.open({"mode": "diagnose"})
    before = world.items
    assert world.open({"mode": "diagnose"}) == first
    assert world.items == before


def claimed(world: World) -> str:
    """Say which incident holds the target."""
    return occasions.holder(world.incidents, compiled.read(RUNBOOK))


@pytest.mark.usefixtures("state_machine")
def test_who_repairs_by_hand_claims_the_target(world: World) -> None:
    world.open({})
    assert claimed(world) == INCIDENT
    assert len(world.timeline) == 1


@pytest.mark.usefixtures("state_machine")
def test_a_retried_open_keeps_its_claim(world: World) -> None:
    for _ in range(2):
        world.open({})
    assert claimed(world) == INCIDENT
    assert len(world.timeline) == 1


@pytest.mark.parametrize("given", [{"mode": "diagnose"}, {"trigger": TRIGGER}])
def test_who_only_diagnoses_or_was_dispatched_claims_nothing(world: World, given: dict[str, Any]) -> None:
    world.open(given)
    assert claimed(world) == ""


def test_who_is_refused_claims_nothing(world: World) -> None:
    world.open({"mode": "repair"})
    assert claimed(world) == ""


def test_who_repairs_by_hand_beside_another_incident_is_told_in_the_timeline(world: World, state_machine: str) -> None:
    states = world.aws.client("stepfunctions")
    states.start_execution(stateMachineArn=state_machine, name="another", input="{}")
    occasions.claim(world.aws, compiled.read(RUNBOOK), "another")
    assert world.open({})["refused"] == ""
    assert claimed(world) == "another"
    assert world.timeline == ["Opened: started by hand", "Incident another is being worked on at the same time"]


def test_who_repairs_by_hand_takes_over_from_an_incident_that_was_stopped(world: World, state_machine: str) -> None:
    states = world.aws.client("stepfunctions")
    started = states.start_execution(stateMachineArn=state_machine, name="another", input="{}")
    occasions.claim(world.aws, compiled.read(RUNBOOK), "another")
    states.stop_execution(executionArn=started["executionArn"])
    world.open({})
    assert claimed(world) == INCIDENT


def test_an_unknown_key_is_refused(world: World) -> None:
    assert refused(world, {"force": True}) == f"force: Extra inputs are not permitted. {ALLOWED}"


def test_an_unknown_parameter_is_refused(world: World) -> None:
    sentence = refused(world, {"parameters": {"cluster": "another"}})
    assert sentence == f"parameters.cluster: may not be given by hand. {ALLOWED}"


def test_a_parameter_of_another_type_is_refused(world: World) -> None:
    sentence = refused(world, {"parameters": {"health_url": 8000}})
    assert sentence == f"parameters.health_url: must be a text that matches {PATTERN}"


@pytest.mark.parametrize(
    "value",
    [
        "https://evil.example/health",
        f"{URL}\n",
        f"x{URL}",
        f"{URL}?token=a",
        "https://api.maisonganopa.com.evil.example/",
    ],
)
def test_a_value_that_does_not_match_is_refused(world: World, value: str) -> None:
    sentence = refused(world, {"parameters": {"health_url": value}})
    assert sentence == f"parameters.health_url: must be a text that matches {PATTERN}"


def test_an_unknown_mode_is_refused(world: World) -> None:
    assert refused(world, {"mode": "repair"}) == f"mode: Input should be 'fix' or 'diagnose'. {ALLOWED}"


def test_parameters_that_are_no_object_are_refused(world: World) -> None:
    assert refused(world, {"parameters": ["a"]}) == f"parameters: Input should be a valid dictionary. {ALLOWED}"


def test_an_oversized_input_is_refused(world: World) -> None:
    sentence = refused(world, {"parameters": {"health_url": "a" * 8_192}})
    assert sentence == f"The input has 8226 bytes; at most 8192 are allowed. {ALLOWED}"


@pytest.mark.parametrize("given", [[], "{}", 1, None, True])
def test_an_input_that_is_no_object_is_refused(world: World, given: Any) -> None:
    sentence = refused(world, given)
    assert sentence == f"input: Input should be a valid dictionary or instance of Input. {ALLOWED}"


def test_nobody_who_starts_an_execution_passes_for_an_alarm(world: World) -> None:
    answer = open_incident.handler({**OF, "input": {"trigger": TRIGGER}})
    assert answer["refused"] == f"trigger: Extra inputs are not permitted. {ALLOWED}"
    assert world.record == {}


def test_another_runbooks_incident_of_the_same_name_is_left_alone(world: World) -> None:
    world.open({})
    world.incidents.update(INCIDENT, "record", {"runbook": "another"})
    assert "another has an incident of this name" in world.open({})["refused"]
    assert world.record["runbook"] == "another"


def test_of_two_runbooks_that_start_under_one_name_at_once_the_first_has_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Incidents.create

    def second(incidents: Incidents, *values: Any) -> None:
        monkeypatch.setattr(Incidents, "create", create)
        create(incidents, INCIDENT, "record", {"runbook": "another", "opened_at": "just now"})
        create(incidents, *values)

    monkeypatch.setattr(Incidents, "create", second)
    assert "another has an incident of this name" in world.open({"mode": "diagnose"})["refused"]
    assert (world.record["runbook"], world.timeline) == ("another", [])


def test_what_the_event_names_otherwise_is_looked_at(world: World) -> None:
    trigger = TRIGGER | {"kind": "event", "parameters": {"expected_version": "v2"}}
    opened = world.open({"trigger": trigger}, runbook="version_unchanged")
    assert opened["checks"]["version"]["expected"] == "v2"
    assert world.record["overrides"] == {"expected_version": "v2"}
