import json

import pytest

from functions.core.hosts import HostTrouble
from functions.fixes.prune_build_cache import handler
from tests.functions.conftest import RunFix
from tests.functions.hosts import ON, Systems

GIVEN = {**ON, "directory": "/home/ec2-user/harena"}


def cache(free: str) -> str:
    """Write what look_disk says of the build cache, and of volumes that nobody uses."""
    return f"{json.dumps({'Type': 'Local Volumes', 'Reclaimable': '9GB (90%)'})}\n" + json.dumps(
        {"Type": "Build Cache", "Reclaimable": free}
    )


@pytest.fixture(autouse=True)
def _kept(systems: Systems) -> None:
    systems.said = {"look_disk": cache("12.5GB")}
    systems.effects = {"do_prune_build_cache": lambda: systems.said.update(look_disk=cache("0B"))}


def test_prune(run_fix: RunFix, systems: Systems) -> None:
    change = run_fix(handler, **GIVEN)
    assert (change.before, change.after) == ({"build_cache": "12.5 GB"}, {"build_cache": "0 B"})
    assert change.undo is None
    assert systems.sent == ["look_disk", "do_prune_build_cache"]
    assert systems.called("SendCommand")[1]["Parameters"] == {}


def test_nothing_is_kept(run_fix: RunFix, systems: Systems) -> None:
    systems.said = {"look_disk": cache("0B")}
    assert not run_fix(handler, **GIVEN).changed
    assert systems.sent == ["look_disk"]


def test_too_slow_is_cancelled(run_fix: RunFix, systems: Systems, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.fixes.prune_build_cache.PRUNING", 0.02)
    systems.effects = {"do_prune_build_cache": lambda: systems.stays("InProgress")}
    with pytest.raises(HostTrouble, match="does not end in its time"):
        run_fix(handler, **GIVEN)
    assert len(systems.called("CancelCommand")) == 1


def test_nothing_is_undone() -> None:
    assert handler.revert is None
