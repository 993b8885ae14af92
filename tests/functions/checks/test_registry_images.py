import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.ecr.models import ecr_backends
from moto.ecs import ecs_backends
from moto.ecs.models import Service
from moto.moto_api import state_manager

from functions.checks.registry_images import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.conftest import REGION
from tests.functions.conftest import ACCOUNT, CLUSTER, OF_SERVICE, REGISTRY, Network, RunCheck, register

COMMIT = "5d41402abc4b2a76b9719d911017c592ae6f3c01"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
Run = Callable[..., None]


def deploy(operator: Session, image: str) -> str:
    """Move the service to a new revision with this image; return the revision's ARN."""
    revision = register(operator, image)
    operator.client("ecs").update_service(**OF_SERVICE, taskDefinition=revision)  # type: ignore[arg-type]
    return revision


@pytest.fixture(autouse=True)
def repository(service: Service, operator: Session) -> Any:  # noqa: ARG001 (puts the service in place)
    """The repository, as moto keeps it."""
    operator.client("ecr").create_repository(repositoryName="ganopa-bot")
    return ecr_backends[ACCOUNT][REGION].repositories["ganopa-bot"]


def push(operator: Session, repository: Any, *tags: str, minutes_ago: int = 0, kind: str = DOCKER) -> str:
    """Push an image with these tags; return its digest."""
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": str(tags)}]})
    for tag in tags:
        operator.client("ecr").put_image(repositoryName="ganopa-bot", imageManifest=manifest, imageTag=tag)
    image = repository.images[-1]
    image.image_pushed_at = int((datetime.now(UTC) - timedelta(minutes=minutes_ago)).timestamp())
    return str(image.get_image_digest())


@pytest.fixture
def run(operator: Session, network: Network) -> Run:
    """Let a task of the service run an image, by its digest."""
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})

    def start(digest: str, revision: str = "ganopa-bot") -> None:
        started = operator.client("ecs").run_task(
            cluster=CLUSTER,
            taskDefinition=revision,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [network.subnet], "securityGroups": []}},
        )
        task: Any = ecs_backends[ACCOUNT][REGION].tasks[CLUSTER][started["tasks"][0]["taskArn"]]
        task.desired_status = task.last_status = "RUNNING"
        task.group, task.containers[0].imageDigest = "service:ganopa-dev-bot-svc", digest

    return start


def look(run_check: RunCheck) -> Finding:
    return run_check(handler, **OF_SERVICE, container="ganopa-bot", repository="ganopa-bot")


def test_healthy(run_check: RunCheck, operator: Session, repository: Any, run: Run) -> None:
    push(operator, repository, "v0", minutes_ago=60)
    digest = push(operator, repository, "v1")
    run(digest)
    finding = look(run_check)
    assert finding.signals == {"newer-image": False, "tag-moved": False}
    assert finding.facts["running"] == [digest]
    assert finding.facts["newest_tag"] == "v1"
    assert datetime.fromisoformat(finding.facts["newest_pushed"]).tzinfo is not None


def test_a_newer_image(run_check: RunCheck, operator: Session, repository: Any) -> None:
    push(operator, repository, "a-branch", COMMIT, "zz-latest")
    push(operator, repository, "v1", minutes_ago=5)
    finding = look(run_check)
    assert finding.signals["newer-image"]
    assert finding.facts["newest_tag"] == COMMIT
    assert finding.summary.endswith(f"ganopa-bot:v1; newest of 2 tagged images: {COMMIT}")


def test_another_tag_of_the_newest_image(run_check: RunCheck, operator: Session, repository: Any) -> None:
    push(operator, repository, COMMIT, "v1")
    finding = look(run_check)
    assert finding.signals["newer-image"] is False
    assert finding.facts["newest_tag"] == COMMIT


def test_an_image_without_a_tag_is_none_to_run(run_check: RunCheck, operator: Session, repository: Any) -> None:
    push(operator, repository, "v1", minutes_ago=5)
    push(operator, repository, "v2")
    repository.images[-1].image_tags = []
    assert look(run_check).signals["newer-image"] is False


def test_the_tag_moved(run_check: RunCheck, operator: Session, repository: Any, run: Run) -> None:
    run("sha256:" + "0" * 64)
    push(operator, repository, "v1")
    assert look(run_check).signals == {"newer-image": False, "tag-moved": True}


def test_a_task_of_the_revision_before_is_on_its_way_out(
    run_check: RunCheck, operator: Session, repository: Any, run: Run
) -> None:
    run("sha256:" + "0" * 64)
    run(push(operator, repository, "v1"), deploy(operator, f"{REGISTRY}/ganopa-bot:v1"))
    assert look(run_check).signals["tag-moved"] is False


def test_whether_the_tag_moved_is_unknown_while_nothing_runs(
    run_check: RunCheck, operator: Session, repository: Any
) -> None:
    push(operator, repository, "v1")
    assert look(run_check).signals == {"newer-image": False, "tag-moved": None}


def test_whether_the_tag_moved_is_unknown_where_there_is_no_such_tag(
    run_check: RunCheck, operator: Session, repository: Any, run: Run
) -> None:
    run(push(operator, repository, "v2"))
    assert look(run_check).signals == {"newer-image": True, "tag-moved": None}


def test_an_image_of_several_platforms_has_several_digests(
    run_check: RunCheck, operator: Session, repository: Any, run: Run
) -> None:
    digest = push(operator, repository, "v1", kind=INDEX)
    run(digest)
    assert look(run_check).signals["tag-moved"] is False
    run("sha256:" + "0" * 64)
    assert look(run_check).signals["tag-moved"] is None


def test_a_digest_does_not_move(run_check: RunCheck, operator: Session, repository: Any, run: Run) -> None:
    digest = push(operator, repository, "v1", minutes_ago=5)
    deploy(operator, f"{REGISTRY}/ganopa-bot@{digest}")
    run(digest)
    assert look(run_check).signals == {"newer-image": False, "tag-moved": False}
    push(operator, repository, "v2")
    assert look(run_check).signals == {"newer-image": True, "tag-moved": False}


def test_an_empty_repository_is_unknown(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == {"newer-image": None, "tag-moved": None}
    assert finding.facts["newest_tag"] is finding.facts["newest_pushed"] is None


def test_an_image_of_elsewhere_is_unknown(run_check: RunCheck, operator: Session) -> None:
    deploy(operator, "nginx:1.27")
    finding = look(run_check)
    assert set(finding.signals.values()) == {None}
    assert finding.summary == f"unknown: nginx:1.27 is not from {REGISTRY}/ganopa-bot"


def test_what_could_not_be_read_may_be_newer(
    run_check: RunCheck, operator: Session, repository: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sha256:" + "0" * 64)
    push(operator, repository, "v1")
    push(operator, repository, "v2")
    monkeypatch.setattr(reading, "SECONDS", 0)
    monkeypatch.setattr("functions.core.registry.in_time", lambda pages: ({**page, "nextToken": "x"} for page in pages))
    finding = look(run_check)
    assert finding.signals == {"newer-image": None, "tag-moved": True}
    assert finding.summary.endswith("newest of 2 tagged images: unknown, because there are more")
