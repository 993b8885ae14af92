import pytest

from functions.fixes.reboot_host import handler
from tests.functions.conftest import StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.hosts import ON, Systems


@pytest.mark.parametrize(("said", "booted"), [("booted=1761297164\n", "1761297164"), ("", "")])
def test_reboot(start_fix: StartFix, systems: Systems, said: str, booted: str) -> None:
    systems.said = {"look_booted": said}
    change, _ = start_fix(handler, **ON)
    assert (change.before, change.after, change.undo) == ({"booted": booted}, {"booted": "again"}, None)
    assert systems.sent == ["look_booted", "do_reboot"]


def test_two_people_have_to_approve_it_where_nothing_else_is_said() -> None:
    assert handler.risk == "high"


def test_it_is_followed_and_not_undone() -> None:
    assert handler.follow
    assert handler.revert is None


def test_a_look_that_is_too_slow_is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, handler, **ON)
