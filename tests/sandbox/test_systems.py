"""Two systems under care, each found by the name of its service, and neither at the other's cost."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import systems
from sandbox.account import REGION, home
from sandbox.cloud import Sandbox
from sandbox.demo import FIRST, rings
from sandbox.harena import INSTANCE
from sandbox.incidents import BY_SERVICE, find
from statemachines import load
from statemachines.model import AUDIT

ROOT = Path(__file__).parents[2]


def demo(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run the demo, which must refuse before it starts anything."""
    command = [sys.executable, "-m", "sandbox.demo"]
    return subprocess.run(
        command, cwd=ROOT, env=variables | {"COLUMNS": "999"}, capture_output=True, text=True, check=False, timeout=60
    )


def test_harena_alone_runs_without_the_world_of_ganopa() -> None:
    with Sandbox.start(service="harena") as sandbox:
        assert sandbox.system("harena").healthy()
        (known,) = sandbox.client("ssm").describe_instance_information()["InstanceInformationList"]
        assert (known["InstanceId"], known["PingStatus"]) == (INSTANCE, "Online")
        assert "HTTPS_PROXY" not in sandbox.environment
        with pytest.raises(LookupError, match="no system of ganopa-bot"):
            _ = sandbox.world
        sandbox.system("harena").break_("service-down+service-missing")
        assert not sandbox.system("harena").healthy()


def test_the_sandbox_is_where_the_file_of_its_service_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bot.yaml").write_text("{name: bot, region: eu-west-3}")
    (tmp_path / "harena.yaml").write_text("{name: harena, region: us-east-1}")
    monkeypatch.setattr(systems, "SERVICES", tmp_path)
    with Sandbox.start(service="harena") as sandbox:
        assert home() == "us-east-1"
        (known,) = sandbox.client("ssm").describe_instance_information()["InstanceInformationList"]
        assert known["ComputerName"].endswith(".us-east-1.compute.internal")
    assert home() == REGION
    with Sandbox() as elsewhere, pytest.raises(ValueError, match=f"harena is in us-east-1, this sandbox in {REGION}"):
        elsewhere.add("harena")


def test_who_names_no_service_or_incident_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match=r"no system of the service 'shop'.*ganopa-bot, harena, huntaze"):
        systems.make("shop", Sandbox)  # type: ignore[arg-type]
    for service in BY_SERVICE:
        with pytest.raises(ValueError, match=rf"no incident 'x' of {service}.*{', '.join(BY_SERVICE[service])}"):
            find("x", service)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"SERVICE": "shop"}, "no service shop. There are: ganopa-bot, harena, huntaze."),
        ({"INCIDENT": "localhost-port"}, "ganopa-bot has no incident localhost-port. There are: detached, "),
        (
            {"SERVICE": "huntaze", "INCIDENT": "mail-sandbox"},
            "the audit of huntaze finds: make audit INCIDENT=mail-sandbox",
        ),
        ({"SERVICE": "harena", "INCIDENT": "detached"}, "harena has no incident detached. There are: localhost-port, "),
    ],
)
def test_the_demo_says_what_can_be_broken(given: dict[str, str], told: str) -> None:
    refused = demo(**given)
    assert (refused.returncode, told in refused.stdout) == (2, True), refused


def test_the_demo_has_something_to_break_for_every_service() -> None:
    assert FIRST.keys() == BY_SERVICE.keys()
    assert [name for service, name in FIRST.items() if name not in BY_SERVICE[service]] == []


def test_the_demo_waits_only_for_alarms_that_ring_by_themselves() -> None:
    services = load.services()
    for service in ("harena", "huntaze"):
        played = [one for one in BY_SERVICE[service].values() if one.runbook != AUDIT]
        assert not any(rings(services[service], one) for one in played)  # the sandbox runs no schedule
    heard = {name for name, incident in BY_SERVICE["ganopa-bot"].items() if rings(services["ganopa-bot"], incident)}
    assert "closed-port" in heard
    assert not {"public-port-closed", "out-of-memory"} & heard
