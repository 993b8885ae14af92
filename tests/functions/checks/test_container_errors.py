import pytest
from pydantic import ValidationError

from functions.checks.container_errors import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import OF, Systems

GIVEN = {**OF, "minutes": 30, "warning": 50, "alert": 100}


def logged(**counts: int) -> str:
    """Write what look_errors says."""
    lines = []
    for service, count in counts.items():
        lines += [f"service={service}", f"errors={count}"]
        lines += [f"line=2025-10-24 ERROR service=redis errors=9 number={n}" for n in range(min(3, count))]
    return "\n".join(lines) + "\n"


def test_none(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_errors": logged(user_service=0, redis=0)}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == {"too-many": False, "more-than-normal": False}
    assert finding.summary == "0 lines with errors in 30 minutes, 0 an hour; the most: none"
    assert finding.facts["service"] is None
    assert systems.called("SendCommand")[0]["Parameters"]["minutes"] == ["30"]


@pytest.mark.parametrize(
    ("count", "more", "many"), [(24, False, False), (25, True, False), (50, True, False), (51, True, True)]
)
def test_thresholds_are_by_the_hour(
    run_check: RunCheck, systems: Systems, count: int, *, more: bool, many: bool
) -> None:
    systems.said = {"look_errors": logged(user_service=count - 1, redis=1)}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == {"too-many": many, "more-than-normal": more}
    assert finding.facts["hourly"] == 2 * count


def test_evidence_is_whose_line_it_is_whatever_the_line_says(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_errors": logged(user_service=2) + "line=ERROR password=hunter22\rservice=x\n"}
    finding = run_check(handler, **GIVEN)
    assert finding.facts["service"] == "user_service"
    assert "hunter22" not in finding.evidence[2]
    assert finding.evidence[:2] == [
        "user_service: 2025-10-24 ERROR service=redis errors=9 number=0",
        "user_service: 2025-10-24 ERROR service=redis errors=9 number=1",
    ]


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": 1441}, {"file": "../x"}, {"directory": "/a/../b"}])
def test_parameters_are_refused_before_anything_is_sent(
    run_check: RunCheck, systems: Systems, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        run_check(handler, **(GIVEN | wrong))
    assert systems.calls == []


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_errors": logged(user_service=1)}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
