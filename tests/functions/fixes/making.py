"""What every fix is tested for that builds an image and makes a container anew: it is started, and followed."""

import pytest

from functions.core.aws import Session
from functions.core.fix import Fix
from functions.core.results import CommandFailed
from tests.functions.conftest import STEP, StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.hosts import COMMAND, OF, Systems

BEFORE = "2025-10-24T09:12:44.1Z"
GIVEN = {**OF, "service": "user_service", "commit": "0123456789abcdef0123456789abcdef01234567"}


def test_it_is_started_under_the_steps_name(fix: tuple[Fix, str], start_fix: StartFix, systems: Systems) -> None:
    handler, document = fix
    change, command = start_fix(handler, **GIVEN)
    assert (change.before, change.after, change.undo) == ({"started": BEFORE}, {"started": "again"}, None)
    assert command == COMMAND
    assert systems.sent == ["look_started", document]
    sent = systems.called("SendCommand")[-1]
    assert sent["Comment"] == STEP
    assert sent["Parameters"] == {name: [value] for name, value in GIVEN.items() if name != "instance"}


def test_what_was_started_under_that_name_is_not_started_again(
    fix: tuple[Fix, str], start_fix: StartFix, systems: Systems
) -> None:
    systems.commands = [{"CommandId": "other", "Comment": f"{STEP}0"}, {"CommandId": "mine", "Comment": STEP}]
    handler, document = fix
    assert start_fix(handler, **GIVEN)[1] == "mine"
    assert document not in systems.sent
    (listed,) = systems.called("ListCommands")
    assert listed["Filters"][0]["value"].endswith(document.replace("_", "-"))


def test_a_service_whose_container_is_gone_is_made(fix: tuple[Fix, str], start_fix: StartFix, systems: Systems) -> None:
    systems.said = {"look_started": ""}
    assert start_fix(fix[0], **GIVEN)[0].before == {"started": ""}


def test_it_is_followed_to_its_end(fix: tuple[Fix, str], aws: Session, systems: Systems) -> None:
    follow, parameters = fix[0].follow, fix[0].parameters.model_validate(GIVEN)
    assert follow
    systems.stays("InProgress")
    assert not follow(COMMAND, parameters, aws)
    systems.statuses = [{"Status": "Success", "ResponseCode": 0}]
    assert follow(COMMAND, parameters, aws)
    systems.fails(1, "no space left on device")
    with pytest.raises(CommandFailed, match="no space left on device"):
        follow(COMMAND, parameters, aws)


def test_nothing_is_undone(fix: tuple[Fix, str]) -> None:
    assert fix[0].revert is None


def test_a_look_that_is_too_slow_is_cancelled(
    fix: tuple[Fix, str], start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, fix[0], **GIVEN)
