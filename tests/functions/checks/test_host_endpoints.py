import pytest
from pydantic import ValidationError

from functions.checks.host_endpoints import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import ON, Systems

ENDPOINTS = ["3000/health", "3001/api/v1/search/health", "3002/health"]
GIVEN = {**ON, "endpoints": ENDPOINTS, "accept": "200", "seconds": 5}
FINE = dict.fromkeys(["failing", "unreachable", "slow", "several", "slower-than-normal"], False)


def answered(**of_search: str) -> str:
    """Write what look_endpoints says, in the order in which they were done."""
    told = {"status": "200", "seconds": "0.012345"} | of_search
    search = f"endpoint={ENDPOINTS[1]} status={told['status']} seconds={told['seconds']}\n"
    return f"endpoint={ENDPOINTS[2]} status=200 seconds=0.2\n{search}endpoint={ENDPOINTS[0]} status=200 seconds=1.9\n"


def test_all_well(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered()}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "3 of 3 endpoints answer as they should; failing: none; slow: none"
    assert finding.facts["slowest"] == 1.9
    assert (finding.facts["fine"], finding.facts["asked"]) == (3, 3)
    assert systems.called("SendCommand")[0]["Parameters"] == {"endpoints": [",".join(ENDPOINTS)]}


def test_failing(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered(status="503")}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"failing": True}
    assert finding.facts["failing"] == [ENDPOINTS[1]]
    assert finding.evidence[1] == f"{ENDPOINTS[1]}: 503, 0.01 s"


def test_unreachable(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered(status="000", seconds="0.0")}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"failing": True, "unreachable": True}


def test_slow(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered(seconds="5.1")}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"slow": True, "slower-than-normal": True}
    assert finding.facts["slow"] == [ENDPOINTS[1]]


@pytest.mark.parametrize(
    ("seconds", "normal", "slower", "slow"),
    [
        ("1.999", 2, False, False),
        ("2.0", 2, True, False),
        ("5.0", 2, True, False),
        ("5.01", 2, True, True),
        ("2.0", 3, False, False),
    ],
)
def test_normal_alert_and_between(
    run_check: RunCheck, systems: Systems, seconds: str, normal: int, *, slower: bool, slow: bool
) -> None:
    systems.said = {"look_endpoints": answered(seconds=seconds)}
    signals = own(run_check(handler, **GIVEN, normal=normal).signals)
    assert (signals["slower-than-normal"], signals["slow"]) == (slower, slow)


def test_several(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered(status="503").replace("status=200 seconds=1.9", "status=500 seconds=1")}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"failing": True, "several": True}
    assert finding.facts["fine"] == 1


def test_what_was_not_told_is_unknown(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered(status="?")}
    assert own(run_check(handler, **GIVEN).signals) == dict.fromkeys(FINE)


@pytest.mark.parametrize(
    "endpoints", [[], ["health"], ["3000/../x"], ["3000/a b"], ["3000/$(id)"], ["3000/x\n"], ["3000/x"] * 11]
)
def test_only_ports_and_paths(run_check: RunCheck, systems: Systems, endpoints: list[str]) -> None:
    with pytest.raises(ValidationError, match="endpoints"):
        run_check(handler, **(GIVEN | {"endpoints": endpoints}))
    assert systems.calls == []


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_endpoints": answered()}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
