import pytest

from functions.fixes.prune_images import handler
from tests.functions.conftest import StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.fixes.test_prune_build_cache import GIVEN, cache
from tests.functions.hosts import COMMAND, Systems


def test_prune(start_fix: StartFix, systems: Systems) -> None:
    systems.said = {"look_disk": cache("12.5GB")}
    change, command = start_fix(handler, **GIVEN)
    assert (change.before, change.after) == ({"unused": "4.0 GB"}, {"unused": "0 B"})
    assert (change.undo, command) == (None, COMMAND)
    assert systems.sent == ["look_disk", "do_prune_images"]


def test_it_is_followed_and_not_undone() -> None:
    assert handler.follow
    assert handler.revert is None


def test_a_look_that_is_too_slow_is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, handler, **GIVEN)
