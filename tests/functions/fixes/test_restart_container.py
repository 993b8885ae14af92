import pytest

from functions.core.errors import NotFound
from functions.core.hosts import HostTrouble
from functions.fixes.restart_container import handler
from tests.functions.conftest import RunFix
from tests.functions.hosts import INSTANCE, OF, Systems

GIVEN = {**OF, "service": "user_service"}
BEFORE, AFTER = "2025-10-24T09:12:44.1Z", "2025-10-31T10:00:00.2Z"


@pytest.fixture(autouse=True)
def _runs(systems: Systems) -> None:
    systems.said = {"look_started": f"started={BEFORE}\n"}
    systems.effects = {"do_restart": lambda: systems.said.update(look_started=f"started={AFTER}\nhealth=starting\n")}


def test_restart(run_fix: RunFix, systems: Systems) -> None:
    change = run_fix(handler, **GIVEN)
    assert (change.before, change.after) == ({"started": BEFORE}, {"started": AFTER})
    assert change.undo is None
    assert systems.sent == ["look_started", "do_restart", "look_started"]
    given = {name: [value] for name, value in GIVEN.items() if name != "instance"}
    assert [one["Parameters"] for one in systems.called("SendCommand")] == [given] * 3


def test_what_starts_already_is_left_alone(run_fix: RunFix, systems: Systems) -> None:
    systems.said = {"look_started": f"started={BEFORE}\nhealth=starting\n"}
    assert not run_fix(handler, **GIVEN).changed
    assert systems.sent == ["look_started"]


def test_no_such_service(run_fix: RunFix, systems: Systems) -> None:
    systems.said = {"look_started": ""}
    with pytest.raises(NotFound, match="no container of the service user_service"):
        run_fix(handler, **GIVEN)


def test_a_host_in_trouble(run_fix: RunFix, systems: Systems) -> None:
    systems.fails(69)
    with pytest.raises(HostTrouble, match=f"{INSTANCE}: Docker on the host does not answer"):
        run_fix(handler, **GIVEN)
    assert systems.sent == ["look_started"]


def test_a_restart_that_takes_too_long_is_cancelled(
    run_fix: RunFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.fixes.restart_container.RESTARTING", 0.02)
    systems.effects = {"do_restart": lambda: systems.stays("InProgress")}
    with pytest.raises(HostTrouble, match="does not end in its time"):
        run_fix(handler, **GIVEN)
    assert len(systems.called("CancelCommand")) == 1


def test_nothing_is_undone() -> None:
    assert handler.revert is None
