import pytest
from moto.ecs.models import Service
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.fixes.restore_desired_count import handler
from tests.functions.conftest import CLUSTER, OF_SERVICE, RunFix, RunUndo, describe


def test_restore_and_undo(run_fix: RunFix, run_undo: RunUndo, operator: Session, service: Service) -> None:
    service.desired_count = 0
    change = run_fix(handler, **OF_SERVICE, desired_count=1)
    assert (change.before, change.after) == ({"desired_count": 0}, {"desired_count": 1})
    assert describe(operator)["desiredCount"] == 1
    assert not run_fix(handler, **OF_SERVICE, desired_count=1).changed
    run_undo(handler, change.undo)
    assert describe(operator)["desiredCount"] == 0


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("wanted", [1, 2])
def test_never_lowered(run_fix: RunFix, operator: Session, wanted: int) -> None:
    change = run_fix(handler, **OF_SERVICE, desired_count=wanted)
    assert not change.changed
    assert describe(operator)["desiredCount"] == 2


@pytest.mark.usefixtures("service")
def test_no_such_service(run_fix: RunFix) -> None:
    with pytest.raises(NotFound, match="named other"):
        run_fix(handler, cluster=CLUSTER, service="other", desired_count=1)


def test_zero_is_nothing_to_restore(run_fix: RunFix) -> None:
    with pytest.raises(ValidationError, match="desired_count"):
        run_fix(handler, **OF_SERVICE, desired_count=0)
