import pytest

from functions.checks.published_ports import handler
from tests.functions.checks.harena import PUBLIC, compose_file, containers, publishers, stopped
from tests.functions.checks.host_troubles import own, stays_in_its_time, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

GIVEN = {**OF, "public": PUBLIC}
EVERYBODY = "0.0.0.0"  # noqa: S104  as docker says it
FINE = {"bound-to-localhost": False, "not-published": False, "file-binds-localhost": False}


@pytest.fixture(autouse=True)
def _declared(systems: Systems) -> None:
    systems.said = {"look_compose": compose_file(postgres="127.0.0.1"), "look_containers": containers()}


def test_all_well(run_check: RunCheck, systems: Systems) -> None:
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "bound to the host itself: none; not published: none"
    assert [one["DocumentName"] for one in systems.called("SendCommand")] == [
        "harena-look-compose",
        "harena-look-containers",
    ]


@pytest.mark.parametrize("urls", [["127.0.0.1"], ["127.0.0.1", "::1"], ["[::1]"]])
def test_bound_to_localhost(run_check: RunCheck, systems: Systems, urls: list[str]) -> None:
    local = {"Publishers": publishers(3000, *urls)}
    systems.said["look_containers"] = containers(user_service=local)
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"bound-to-localhost": True}
    assert finding.facts == {"local": ["user_service"], "absent": [], "in_file": [], "service": "user_service"}
    assert finding.evidence == [f"harena_user_prod: 0.0.0.0:3000 → 3000/tcp ({urls[0]})"]


def test_one_address_for_everybody_is_enough(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_containers"] = containers(user_service={"Publishers": publishers(3000, "127.0.0.1", EVERYBODY)})
    assert own(run_check(handler, **GIVEN).signals) == FINE


@pytest.mark.parametrize(
    "found",
    [
        [],
        None,
        [{"URL": "", "TargetPort": 3000, "PublishedPort": 0, "Protocol": "tcp"}],
        [{"URL": EVERYBODY, "TargetPort": 3000, "PublishedPort": 3100, "Protocol": "tcp"}],
        [{"URL": EVERYBODY, "TargetPort": 3000, "PublishedPort": 3000, "Protocol": "udp"}],
    ],
)
def test_not_published(run_check: RunCheck, systems: Systems, found: object) -> None:
    systems.said["look_containers"] = containers(user_service={"Publishers": found})
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"not-published": True}
    assert finding.facts["absent"] == ["user_service"]


def test_the_file_itself_is_the_old_one(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_compose"] = compose_file(user_service="127.0.0.1")
    systems.said["look_containers"] = containers(user_service={"Publishers": publishers(3000, "127.0.0.1")})
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"file-binds-localhost": True}
    assert finding.facts["in_file"] == ["user_service"]


def test_what_does_not_run_may_be_published_wrongly(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_containers"] = containers(user_service=stopped(1))
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == {"bound-to-localhost": None, "not-published": None, "file-binds-localhost": False}


def test_a_range_and_any_port(run_check: RunCheck, systems: Systems) -> None:
    ports = "port= 2990-3010 3000 tcp\nport=  9000 tcp\n"
    systems.said["look_compose"] = f"service=user_service\n{ports}"
    any_port = {"URL": EVERYBODY, "TargetPort": 9000, "PublishedPort": 32768, "Protocol": "tcp"}
    found = [*publishers(3000, EVERYBODY), any_port]
    systems.said["look_containers"] = containers(user_service={"Publishers": found})
    assert own(run_check(handler, **GIVEN).signals) == FINE


def test_exposed_is_not_published(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_compose"] = "service=user_service\nport=  3000 tcp\n"
    exposed = [{"URL": "", "TargetPort": 3000, "PublishedPort": 0, "Protocol": "tcp"}]
    systems.said["look_containers"] = containers(user_service={"Publishers": exposed})
    assert run_check(handler, **GIVEN).signals["not-published"] is True


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    tells_every_trouble(run_check, systems, handler, **GIVEN)


def test_both_commands_together_stay_in_its_time(
    run_check: RunCheck, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays_in_its_time(run_check, systems, monkeypatch, handler, **GIVEN)
