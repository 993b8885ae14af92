import pytest

from functions.core.aws import Session
from functions.core.results import CommandFailed, Started
from functions.fixes.deploy_commit import handler
from tests.functions.conftest import STEP, StartFix
from tests.functions.fixes.slow_look import is_cancelled
from tests.functions.hosts import COMMAND, OF, Systems

HERE, NEW = "3f9c1b7a2d4e5f60718293a4b5c6d7e8f9012345", "0f9c1b7a2d4e5f60718293a4b5c6d7e8f9012345"
GIVEN = {**OF, "commit": NEW}
BACK = {"commit": HERE, "step": STEP}


@pytest.fixture(autouse=True)
def version(systems: Systems) -> None:
    """The host runs an older commit."""
    systems.said = {"look_version": f"commit={HERE}\nbranch=main\ndirty=no\n[]\n"}


def test_it_is_started_under_the_steps_name(start_fix: StartFix, systems: Systems) -> None:
    change, command = start_fix(handler, **GIVEN)
    assert (change.before, change.after) == ({"commit": HERE}, {"commit": NEW})
    assert change.undo == {**OF, "commit": HERE}
    assert command == COMMAND
    assert systems.sent == ["look_version", "do_deploy"]
    sent = systems.called("SendCommand")[-1]
    assert sent["Comment"] == STEP
    assert sent["Parameters"]["commit"] == [NEW]
    assert sent["Parameters"].keys() == {"directory", "file", "commit", "label"}


def test_a_commit_that_lies_there_already_is_built_too(start_fix: StartFix, systems: Systems) -> None:
    change, command = start_fix(handler, **(GIVEN | {"commit": HERE}))
    assert (change.before, change.after) == ({"commit": HERE}, {"commit": HERE, "built": "again"})
    assert change.undo == {**OF, "commit": HERE}
    assert (command, systems.sent) == (COMMAND, ["look_version", "do_deploy"])


def test_what_was_started_under_that_name_is_not_started_again(start_fix: StartFix, systems: Systems) -> None:
    systems.commands = [{"CommandId": "mine", "Comment": STEP}]
    assert start_fix(handler, **GIVEN)[1] == "mine"
    assert systems.sent == ["look_version"]


def test_it_goes_back_to_what_this_step_has_replaced(start_fix: StartFix, aws: Session, systems: Systems) -> None:
    label = _sent(start_fix, systems)["label"]
    assert handler.revert
    assert handler.revert(OF | BACK, aws) == Started(command=COMMAND)
    sent = systems.called("SendCommand")[-1]
    assert systems.sent[-1] == "do_deploy_back"
    assert sent["Parameters"] == {
        "directory": [OF["directory"]],
        "file": [OF["file"]],
        "commit": [HERE],
        "label": label,
    }
    assert sent["Comment"] == f"{STEP}/undo"


def test_another_step_keeps_its_own_images(start_fix: StartFix, aws: Session, systems: Systems) -> None:
    label = _sent(start_fix, systems)["label"]
    assert handler.revert
    handler.revert(OF | BACK | {"step": f"{STEP}0"}, aws)
    assert systems.called("SendCommand")[-1]["Parameters"]["label"] != label


def test_it_is_followed_to_its_end(aws: Session, systems: Systems) -> None:
    parameters = handler.parameters.model_validate(GIVEN)
    assert handler.follow
    systems.stays("InProgress")
    assert not handler.follow(COMMAND, parameters, aws)
    systems.fails(1, "no commit of the branch")
    with pytest.raises(CommandFailed, match="no commit of the branch"):
        handler.follow(COMMAND, parameters, aws)


def _sent(start_fix: StartFix, systems: Systems) -> dict[str, list[str]]:
    start_fix(handler, **GIVEN)
    given: dict[str, list[str]] = systems.called("SendCommand")[-1]["Parameters"]
    return given


def test_a_look_that_is_too_slow_is_cancelled(
    start_fix: StartFix, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_cancelled(start_fix, systems, monkeypatch, handler, **GIVEN)
