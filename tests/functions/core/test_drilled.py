import pytest

from functions.core.drilled import looks, unseen
from statemachines import load
from statemachines.model import CheckUse, Runbook, Service

SERVICE = load.services()["ganopa-bot"]
RUNBOOKS = load.runbooks()
CLUSTER = SERVICE.resources["cluster"]


@pytest.fixture
def runbook() -> Runbook:
    """A runbook of one check, which others are made from."""
    given = {"check": "ecs_service", "with": {"cluster": "{cluster}", "service": "{ecs_service}"}}
    return RUNBOOKS["targets_missing"].model_copy(
        update={"name": "one", "checks": {"service": CheckUse.model_validate(given)}}
    )


def changed(runbook: Runbook, called: str, name: str, **parameters: str) -> Runbook:
    """Return it under another name, with its check under another one and other parameters."""
    use = runbook.checks["service"]
    return runbook.model_copy(
        update={"name": called, "checks": {name: use.model_copy(update={"with_": use.with_ | parameters})}}
    )


def test_the_same_check_with_the_same_parameters_is_made_once(runbook: Runbook) -> None:
    written_out = changed(runbook, "two", "bot", cluster=CLUSTER)
    found = looks(SERVICE, [written_out, runbook])
    assert list(found) == ["service"]
    assert found["service"].uses == [("one", "service"), ("two", "bot")]
    assert found["service"].parameters["cluster"] == CLUSTER
    assert found["service"].written["cluster"] == "{cluster}"


def test_other_parameters_are_another_look_and_its_name_says_whose(runbook: Runbook) -> None:
    other = changed(runbook, "two", "service", service="another")
    found = looks(SERVICE, [runbook, other])
    assert {name: look.uses for name, look in found.items()} == {
        "service of one": [("one", "service")],
        "service of two": [("two", "service")],
    }


def test_another_check_with_the_same_parameters_is_another_look(runbook: Runbook) -> None:
    tasks = runbook.checks["service"].model_copy(update={"check": "stopped_tasks"})
    both = runbook.model_copy(update={"checks": runbook.checks | {"tasks": tasks}})
    assert {name: look.check for name, look in looks(SERVICE, [both]).items()} == {
        "service": "ecs_service",
        "tasks": "stopped_tasks",
    }


@pytest.mark.parametrize("service", load.services().values(), ids=lambda service: service.name)
def test_every_check_of_every_runbook_is_looked_at(service: Service) -> None:
    mine = [RUNBOOKS[name] for name in service.runbooks]
    found = looks(service, mine)
    used = [use for look in found.values() for use in look.uses]
    assert sorted(used) == sorted((one.name, name) for one in mine for name in one.checks)
    assert found == looks(service, reversed(mine))


def test_what_only_fixes_are_given_is_not_seen(runbook: Runbook) -> None:
    assert unseen([runbook]) == sorted(runbook.resources - {"cluster", "ecs_service"})
    assert "task_definition" in unseen([runbook])
