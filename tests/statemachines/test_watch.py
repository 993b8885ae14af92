import pytest
from pydantic import ValidationError

from functions.core.drilled import looks
from infra.state_machine import invoked
from statemachines import load
from statemachines.model import Alarm, Item, Service, Watch
from statemachines.states import States
from statemachines.watch import compile_watch

RUNBOOKS = load.runbooks()
SERVICE = load.services()["harena"]
MINE = [RUNBOOKS[name] for name in SERVICE.runbooks]


def compiled(service: Service = SERVICE) -> States:
    """Compile the watch; return its states."""
    states: States = compile_watch(service, MINE, lambda name: f"arn:{name}")["States"]
    return states


def changed(**values: object) -> Service:
    """Return the service with other words in its file."""
    return Service.model_validate(SERVICE.model_dump(by_alias=True) | values)


def used(**kinds: str) -> dict[str, object]:
    """Write the runbooks of a service, with the kind of alarm that starts each."""
    return {name: {"alarms": [{"kind": kind}]} if kind else {} for name, kind in kinds.items()}


def test_it_calls_the_checks_of_its_runbooks_and_its_report_and_nothing_else() -> None:
    checks = {f"arn:check/{use.check}" for name in SERVICE.looked_at for use in RUNBOOKS[name].checks.values()}
    assert set(invoked(compiled())) == checks | {"arn:workflow/report_watch"}


def test_it_makes_no_check_of_a_runbook_that_it_does_not_start() -> None:
    less = changed(runbooks=used(host_health="", service_unhealthy="watch", disk_saturated=""))
    assert less.looked_at == ["host_health", "service_unhealthy"]
    looked = [branch["StartAt"] for state in compiled(less).values() for branch in state.get("Branches", [])]
    expected = looks(less, [RUNBOOKS[name] for name in less.looked_at])
    assert looked == [f"Check {name}" for name in expected]
    assert [name for name in expected if "disk_saturated" in name] == []


def test_each_check_is_made_once_with_what_the_service_file_says() -> None:
    tasks = [
        branch["States"][branch["StartAt"]]["Arguments"]
        for state in compiled().values()
        for branch in state.get("Branches", [])
    ]
    given = [(task["FunctionName"], str(task["Payload"]["parameters"])) for task in tasks]
    assert len(given) == len(set(given))
    assert not any("{" in text[1:-1] for _, text in given)


def test_the_report_is_told_whether_the_mail_is_due() -> None:
    payload = compiled()["Report"]["Arguments"]["Payload"]
    assert payload["daily"] == "{% $states.context.Execution.Input.daily = true %}"
    assert payload["findings"] == "{% $findings %}"


def test_it_fails_loudly() -> None:
    states = compiled()
    assert {caught["Next"] for state in states.values() for caught in state.get("Catch", [])} == {"Failed"}
    assert states["Failed"]["Type"] == "Fail"


@pytest.mark.parametrize(("minutes", "seconds"), [(1, 300), (5, 300), (10, 600)])
def test_it_may_take_as_long_as_it_is_to_the_next_one(minutes: int, seconds: int) -> None:
    service = changed(watch={"minutes": minutes, "runbook": "host_health"})
    assert compile_watch(service, MINE, lambda name: name)["TimeoutSeconds"] == seconds


def test_its_alarms_are_called_as_the_runbook_is() -> None:
    assert SERVICE.alarm_name(Alarm(kind="watch"), "service_unhealthy") == "harena-service-unhealthy"
    assert SERVICE.alarms == {f"harena-{name.replace('_', '-')}": name for name in SERVICE.watched}


def test_without_a_word_nothing_is_watched() -> None:
    assert load.services()["ganopa-bot"].watch is None
    assert load.services()["ganopa-bot"].looked_at == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"watch": None}, "kind watch needs the service's watch|kind watch needs a watch"),
        ({"watch": {"runbook": "webhook_unavailable"}}, "webhook_unavailable is not one of the service's runbooks"),
        ({"watch": {"runbook": "host_health", "minutes": 0}}, "greater than or equal to 1"),
        ({"watch": {"runbook": "host_health", "minutes": 61}}, "less than or equal to 60"),
        ({"watch": {"runbook": "host_health", "daily": "7:00"}}, "should match pattern"),
        ({"runbooks": used(host_health="", watch="")}, "a runbook cannot be called watch"),
    ],
)
def test_what_cannot_be_watched_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        changed(**values)


def test_every_five_minutes_and_at_seven_without_a_word() -> None:
    watch = Watch(runbook="host_health")
    assert (watch.minutes, watch.daily) == (5, "07:00")


@pytest.mark.parametrize(
    "item",
    [
        {"title": "x", "normal": "y"},
        {"title": "x", "normal": "y", "value": "1"},
        {"title": "x", "normal": "y", "alert": ["a.b"]},
        {"title": "x", "normal": "y", "least": [100, 95]},
        {
            "title": "x",
            "normal": "y",
            "value": "1",
            "alert": ["a.b"],
            "least": [100, 95],
            "metric": {"name": "M", "fact": "a.b", "unit": "Count"},
        },
    ],
)
def test_a_line_is_about_now_or_about_the_day(item: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="x: "):
        Item.model_validate(item)


def test_only_what_is_there_to_look_only_looks() -> None:
    assert [name for name, one in RUNBOOKS.items() if one.only_looks] == ["app_health", "host_health"]
