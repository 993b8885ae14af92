import json

import pytest

from functions.fixes.prune_build_cache import handler
from tests.functions.conftest import StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.hosts import COMMAND, ON, Systems

GIVEN = {**ON, "directory": "/home/ec2-user/harena"}


def cache(free: str) -> str:
    """Write what look_disk says of the build cache, and of volumes that nobody uses."""
    kinds = {"Local Volumes": "9GB (90%)", "Images": "4GB (20%)", "Build Cache": free}
    return "\n".join(json.dumps({"Type": kind, "Reclaimable": size}) for kind, size in kinds.items())


def test_prune(start_fix: StartFix, systems: Systems) -> None:
    systems.said = {"look_disk": cache("12.5GB")}
    change, command = start_fix(handler, **GIVEN)
    assert (change.before, change.after) == ({"unused": "12.5 GB"}, {"unused": "0 B"})
    assert (change.undo, command) == (None, COMMAND)
    assert systems.sent == ["look_disk", "do_prune_build_cache"]
    assert systems.called("SendCommand")[1]["Parameters"] == {}


def test_nothing_is_kept(start_fix: StartFix, systems: Systems) -> None:
    systems.said = {"look_disk": cache("0B")}
    assert not start_fix(handler, **GIVEN)[0].changed


def test_it_is_followed_and_not_undone() -> None:
    assert handler.follow
    assert handler.revert is None


def test_a_look_that_is_too_slow_is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, handler, **GIVEN)
