from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ecs import ecs_backends
from moto.ecs.models import Service
from moto.moto_api import state_manager

from functions.checks.stopped_tasks import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT, CLUSTER, IMAGE, OF_SERVICE, Network, RunCheck

Stop = Callable[..., None]
EXITED = "Essential container in task exited"
NOT_FOUND = f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {IMAGE}: not found"
NO_ROUTE = f'CannotPullContainerError: failed to do request: Head "https://{IMAGE}": dial tcp: i/o timeout'
UNHEALTHY = "Task failed ELB health checks in (target-group arn)"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


@pytest.fixture
def stop(operator: Session, service: Service, network: Network) -> Stop:
    """Leave a stopped task of the service's current deployment behind, the later the newer."""
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
    tasks = ecs_backends[ACCOUNT][REGION].tasks

    def stopped(code: str, reason: str, exit_code: int | None = None, **other: Any) -> None:
        started = operator.client("ecs").run_task(
            cluster=CLUSTER,
            taskDefinition="ganopa-bot",
            launchType="FARGATE",
            startedBy=other.pop("started_by", service.deployments[0]["id"]),
            networkConfiguration={"awsvpcConfiguration": {"subnets": [network.subnet], "securityGroups": []}},
        )
        task: Any = tasks[CLUSTER][started["tasks"][0]["taskArn"]]
        task.created_at = datetime.now(UTC) + timedelta(seconds=len(tasks[CLUSTER]))
        task.desired_status = task.last_status = "STOPPED"
        task.stop_code, task.stopped_reason = code, reason
        task.containers[0].exitCode, task.containers[0].reason = exit_code, other.pop("container_reason", None)
        if "beside" in other:
            task.containers.append(copy(task.containers[0]))
            task.containers[1].exitCode, task.containers[1].reason = other.pop("beside"), None
        assert not other

    return stopped


def look(run_check: RunCheck) -> Finding:
    return run_check(handler, **OF_SERVICE)


def true(finding: Finding) -> set[str]:
    assert None not in finding.signals.values()
    return {name for name, answer in finding.signals.items() if answer}


@pytest.mark.usefixtures("service")
def test_healthy(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert true(finding) == set()
    assert finding.facts == {"stopped": 0, "exit_code": None, "reason": None}


def test_image_missing(run_check: RunCheck, stop: Stop) -> None:
    stop("TaskFailedToStart", NOT_FOUND, container_reason=NOT_FOUND)
    finding = look(run_check)
    assert true(finding) == {"image-missing"}
    assert finding.facts == {"stopped": 1, "exit_code": None, "reason": NOT_FOUND}


def test_a_registry_out_of_reach_misses_no_image(run_check: RunCheck, stop: Stop) -> None:
    stop("TaskFailedToStart", NO_ROUTE)
    assert true(look(run_check)) == set()


def test_container_exited(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=3)
    finding = look(run_check)
    assert true(finding) == {"container-exited"}
    assert finding.facts == {"stopped": 1, "exit_code": 3, "reason": EXITED}


def test_a_container_that_was_stopped_has_not_exited_by_itself(run_check: RunCheck, stop: Stop) -> None:
    stop("ServiceSchedulerInitiated", UNHEALTHY, exit_code=143)
    finding = look(run_check)
    assert true(finding) == {"failed-health-checks"}
    assert finding.facts["exit_code"] is None


def test_out_of_memory(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=137, container_reason=OUT_OF_MEMORY)
    finding = look(run_check)
    assert true(finding) == {"out-of-memory"}
    assert (finding.facts["exit_code"], finding.facts["reason"]) == (137, f"{EXITED}; {OUT_OF_MEMORY}")


def test_a_container_that_exits_beside_one_out_of_memory_is_told_apart(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=137, container_reason=OUT_OF_MEMORY)
    stop("EssentialContainerExited", EXITED, exit_code=1)
    assert true(look(run_check)) == {"container-exited", "out-of-memory"}


def test_a_container_stopped_for_another_ones_memory_has_not_exited_by_itself(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=137, container_reason=OUT_OF_MEMORY, beside=143)
    assert true(look(run_check)) == {"out-of-memory"}


def test_the_newest_reason(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=1)
    stop("TaskFailedToStart", NOT_FOUND)
    finding = look(run_check)
    assert finding.facts["reason"] == NOT_FOUND
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    ("code", "reason"),
    [("UserInitiated", "Task stopped by user"), ("ServiceSchedulerInitiated", "Scaling activity initiated by (x)")],
)
def test_what_was_asked_to_stop_has_not_failed(run_check: RunCheck, stop: Stop, code: str, reason: str) -> None:
    stop(code, reason, exit_code=137)
    assert look(run_check).facts["stopped"] == 0


def test_tasks_of_an_earlier_deployment_do_not_count(run_check: RunCheck, stop: Stop) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=1, started_by="ecs-svc/1")
    assert true(look(run_check)) == set()


def test_of_two_deployments_the_primary_counts(run_check: RunCheck, stop: Stop, service: Service) -> None:
    stop("EssentialContainerExited", EXITED, exit_code=1)
    service.deployments.insert(0, service.deployments[0] | {"id": "ecs-svc/1", "status": "ACTIVE"})
    assert true(look(run_check)) == {"container-exited"}


def test_unknown_when_ecs_has_forgotten_the_failed_tasks(run_check: RunCheck, service: Service) -> None:
    service.deployments[0]["failedTasks"] = 3
    finding = look(run_check)
    assert set(finding.signals.values()) == {None}
    assert finding.summary == "unknown: 3 tasks of the current deployment failed, but ECS lists none any more"


def test_no_current_deployment_is_unknown(run_check: RunCheck, service: Service) -> None:
    service.status, service.deployments = "INACTIVE", []
    with pytest.raises(NotFound, match="no current deployment of the INACTIVE ECS service"):
        look(run_check)


@pytest.mark.usefixtures("service")
def test_no_such_service_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match=f"no ECS service in cluster {CLUSTER} named other in me-central-1"):
        run_check(handler, cluster=CLUSTER, service="other")
