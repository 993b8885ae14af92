import json

import pytest

from functions.checks.host_memory import handler
from tests.functions.checks.harena import SERVICES, containers
from tests.functions.checks.host_troubles import own, stays_in_its_time, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

GIVEN = {**OF, "warning": 85, "alert": 90}
FINE = dict.fromkeys(["saturated", "short", "greedy-container", "greedy-system"], False)
TOTAL = 8_000_000


def memory(available: int, taken: str = "500MiB", largest: str = "700MiB") -> str:
    """Write what look_memory says: kilobytes that are left, what each container takes, and what user_service does."""
    lines = [f"MemTotal:       {TOTAL} kB", "MemFree:          123456 kB", f"MemAvailable:   {available} kB"]
    for service, (name, _) in SERVICES.items():
        usage = largest if service == "user_service" else taken
        stats = {"CPUPerc": "0.10%", "MemPerc": "6.4%", "MemUsage": f"{usage} / 7.6GiB", "Name": name, "PIDs": "11"}
        lines.append(json.dumps(stats))
    return "\n".join(lines) + "\n"


@pytest.fixture(autouse=True)
def _said(systems: Systems) -> None:
    systems.said = {"look_memory": memory(3_000_000), "look_containers": containers()}


def test_enough(run_check: RunCheck, systems: Systems) -> None:
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "62 % of 8.2 GB in use, 3.9 GB of it by containers; the largest: harena_user_prod"
    assert finding.facts["service"] is None
    assert finding.evidence[0] == "harena_user_prod: 734.0 MB"
    assert [one["DocumentName"] for one in systems.called("SendCommand")] == ["harena-look-memory"]


@pytest.mark.parametrize(
    ("available", "short", "saturated"),
    [(1_200_001, False, False), (1_200_000, True, False), (800_001, True, False), (800_000, True, True)],
)
def test_thresholds(run_check: RunCheck, systems: Systems, available: int, *, short: bool, saturated: bool) -> None:
    systems.said["look_memory"] = memory(available, "800MiB")
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"short": short, "saturated": saturated}


def test_one_container_takes_most(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_memory"] = memory(500_000, "100MiB", "5.5GiB")
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"saturated": True, "short": True, "greedy-container": True}
    assert finding.facts["container"] == "harena_user_prod"
    assert finding.facts["service"] == "user_service"


def test_the_system_takes_most(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_memory"] = memory(500_000, "100MiB", "512KiB")
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"saturated": True, "short": True, "greedy-system": True}


def test_no_container_runs(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_memory"] = "\n".join(memory(3_000_000).splitlines()[:3])
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"greedy-system": True}
    assert finding.facts["container"] is None


def test_what_is_no_memory_is_an_error(run_check: RunCheck, systems: Systems) -> None:
    systems.said["look_memory"] = "nonsense"
    with pytest.raises(KeyError):
        run_check(handler, **GIVEN)


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    tells_every_trouble(run_check, systems, handler, **GIVEN)


def test_both_commands_together_stay_in_its_time(
    run_check: RunCheck, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    systems.said["look_memory"] = memory(500_000)
    stays_in_its_time(run_check, systems, monkeypatch, handler, **GIVEN)
