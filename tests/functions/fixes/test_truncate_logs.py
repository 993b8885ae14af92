import pytest
from pydantic import ValidationError

from functions.fixes.truncate_logs import handler
from tests.functions.conftest import StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.hosts import ON, Systems

GIVEN = {**ON, "directory": "/srv/harena", "megabytes": 100}


@pytest.mark.parametrize(("said", "size"), [("2000000000\t/var/lib/docker/containers\n", "2.0 GB"), ("", "")])
def test_empty(start_fix: StartFix, systems: Systems, said: str, size: str) -> None:
    systems.said = {"look_disk": f"{said}5000\t/srv/harena\n"}
    change, _ = start_fix(handler, **GIVEN)
    assert (change.before, change.after, change.undo) == ({"logs": size}, {"logs": "emptied"}, None)
    assert systems.sent == ["look_disk", "do_truncate_logs"]
    assert systems.called("SendCommand")[1]["Parameters"] == {"megabytes": ["100"]}


@pytest.mark.parametrize("megabytes", [0, -1, 100_000, "1; reboot"])
def test_no_size(megabytes: object) -> None:
    with pytest.raises(ValidationError, match="megabytes"):
        handler.parameters.model_validate(GIVEN | {"megabytes": megabytes})


def test_it_is_followed_and_not_undone() -> None:
    assert handler.follow
    assert handler.revert is None


def test_a_look_that_is_too_slow_is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, handler, **GIVEN)
