import pytest
from moto.ecs.models import Service

from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.fixes.force_new_deployment import handler
from tests.functions.conftest import CLUSTER, OF_SERVICE, RunFix, describe


@pytest.mark.parametrize("rollout", ["FAILED", "COMPLETED"])
def test_force(run_fix: RunFix, operator: Session, service: Service, rollout: str) -> None:
    service.deployments[0]["rolloutState"] = rollout
    before = describe(operator)["deployments"][0]["id"]
    change = run_fix(handler, **OF_SERVICE)
    assert change.changed
    assert change.before == {"deployment": before}
    assert change.after["deployment"] == describe(operator)["deployments"][0]["id"] != before
    assert change.undo is None


def test_a_deployment_under_way_is_left_alone(run_fix: RunFix, operator: Session, service: Service) -> None:
    service.deployments[0]["rolloutState"] = "IN_PROGRESS"
    before = describe(operator)["deployments"][0]["id"]
    assert not run_fix(handler, **OF_SERVICE).changed
    assert describe(operator)["deployments"][0]["id"] == before


def test_an_inactive_service_has_no_deployment(run_fix: RunFix, service: Service) -> None:
    service.status, service.deployments = "INACTIVE", []
    with pytest.raises(NotFound, match="no current deployment of the INACTIVE ECS service"):
        run_fix(handler, **OF_SERVICE)


@pytest.mark.usefixtures("service")
def test_no_such_service(run_fix: RunFix) -> None:
    with pytest.raises(NotFound, match="named other"):
        run_fix(handler, cluster=CLUSTER, service="other")


def test_nothing_is_undone() -> None:
    assert handler.revert is None
