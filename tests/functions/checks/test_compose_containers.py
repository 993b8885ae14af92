import json

import pytest

from functions.checks.compose_containers import handler
from tests.functions.checks.harena import SERVICES, container, containers, stopped
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

GIVEN = {**OF, "expected": list(SERVICES)}
FINE = dict.fromkeys(["down", "unhealthy", "missing", "several", "starting"], False)
UNHEALTHY = {"Health": "unhealthy", "Status": "Up 3 hours (unhealthy)"}


def test_all_well(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers()}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "7 of 7 services run; down: none; unhealthy: none; missing: none"
    assert finding.facts["service"] is None
    assert (finding.facts["well"], finding.facts["up"]) == (list(SERVICES), 100)
    assert finding.evidence == []
    (sent,) = systems.called("SendCommand")
    assert sent["Parameters"] == {"directory": [OF["directory"]], "file": [OF["file"]]}


def test_older_versions_of_compose_write_one_list(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": json.dumps([container(service) for service in SERVICES])}
    assert own(run_check(handler, **GIVEN).signals) == FINE


def test_down(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers(user_service=stopped(1))}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"down": True}
    assert finding.facts["down"] == ["user_service"]
    assert finding.facts["service"] == "user_service"
    assert "user_service" not in finding.facts["well"]
    assert finding.facts["up"] == 85
    assert finding.evidence == ["harena_user_prod: Exited (1) 2 minutes ago"]


@pytest.mark.parametrize("state", ["created", "restarting", "paused", "dead"])
def test_what_does_not_run_is_down(run_check: RunCheck, systems: Systems, state: str) -> None:
    systems.said = {"look_containers": containers(redis={"State": state, "Health": "unhealthy"})}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"down": True}


def test_unhealthy(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers(search_service=UNHEALTHY)}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"unhealthy": True}
    assert finding.facts["unhealthy"] == ["search_service"]
    assert "search_service" not in finding.facts["well"]
    assert finding.facts["up"] == 100


def test_missing(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {
        "look_containers": "".join(line + "\n" for line in containers().splitlines() if "redis" not in line)
    }
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"missing": True}
    assert finding.facts["missing"] == ["redis"]


def test_nothing_runs(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": ""}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"missing": True, "several": True}
    assert finding.facts["running"] == 0


def test_several(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers(user_service=stopped(1), search_service=UNHEALTHY)}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"down": True, "unhealthy": True, "several": True}


def test_starting_is_not_healthy_yet(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers(redis={"Health": "starting", "Status": "Up 2 s (health: starting)"})}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"starting": True}


def test_what_is_not_expected_may_have_ended(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers() + json.dumps(container("redis", Service="migrate") | stopped(1))}
    assert own(run_check(handler, **GIVEN).signals) == FINE


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_containers": containers()}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
