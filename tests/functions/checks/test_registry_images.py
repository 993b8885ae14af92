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
from tests.functions.conftest import ACCOUNT, CLUSTER, OF_SERVICE, REGISTRY, Network, RunCheck, deploy, push

COMMIT = "5d41402abc4b2a76b9719d911017c592ae6f3c01"
INDEX = "application/vnd.oci.image.index.v1+json"
Run = Callable[..., None]


@pytest.fixture(autouse=True)
def repository(service: Service, operator: Session) -> Any:  # noqa: ARG001 (puts the service in place)
    """The repository, as moto keeps it."""
    operator.client("ecr").create_repository(repositoryName="ganopa-bot")
    return ecr_backends[ACCOUNT][REGION].repositories["ganopa-bot"]


def pushed(operator: Session, repository: Any, *tags: str, minutes_ago: int) -> str:
    """Push an image with these tags, so long ago; return its digest."""
    digest = push(operator, *tags)
    repository.images[-1].image_pushed_at = int((datetime.now(UTC) - timedelta(minutes=minutes_ago)).timestamp())
    return digest


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


def judged(run_check: RunCheck) -> dict[str, bool | None]:
    """What the check says of the images; when the revision was registered is the business of tests of its own."""
    return {name: said for name, said in look(run_check).signals.items() if name != "registered-later"}


def test_healthy(run_check: RunCheck, operator: Session, repository: Any, run: Run) -> None:
    pushed(operator, repository, "v0", minutes_ago=60)
    digest = push(operator, "v1")
    run(digest)
    finding = look(run_check)
    assert judged(run_check) == {"newer-image": False, "tag-moved": False}
    assert finding.facts["running"] == [digest]
    assert finding.facts["newest_tag"] == "v1"
    assert datetime.fromisoformat(finding.facts["newest_pushed"]).tzinfo is not None


def test_a_newer_image(run_check: RunCheck, operator: Session, repository: Any) -> None:
    push(operator, "a-branch", COMMIT, "zz-latest")
    pushed(operator, repository, "v1", minutes_ago=5)
    finding = look(run_check)
    assert finding.signals["newer-image"]
    assert finding.facts["newest_tag"] == COMMIT
    assert finding.summary.endswith(f"ganopa-bot:v1; newest of 2 tagged images: {COMMIT}")


def test_which_came_first_the_image_or_the_revision(run_check: RunCheck, operator: Session, repository: Any) -> None:
    pushed(operator, repository, "v2", minutes_ago=5)
    assert look(run_check).signals["registered-later"]
    pushed(operator, repository, "v3", minutes_ago=-5)
    assert look(run_check).signals["registered-later"] is False


def test_another_tag_of_the_newest_image(run_check: RunCheck, operator: Session) -> None:
    push(operator, COMMIT, "v1")
    finding = look(run_check)
    assert finding.signals["newer-image"] is False
    assert finding.facts["newest_tag"] == COMMIT


def test_an_image_without_a_tag_is_none_to_run(run_check: RunCheck, operator: Session, repository: Any) -> None:
    pushed(operator, repository, "v1", minutes_ago=5)
    push(operator, "v2")
    repository.images[-1].image_tags = []
    assert look(run_check).signals["newer-image"] is False


def test_the_tag_moved(run_check: RunCheck, operator: Session, run: Run) -> None:
    run("sha256:" + "0" * 64)
    push(operator, "v1")
    assert judged(run_check) == {"newer-image": False, "tag-moved": True}


def test_a_task_of_the_revision_before_is_on_its_way_out(run_check: RunCheck, operator: Session, run: Run) -> None:
    run("sha256:" + "0" * 64)
    run(push(operator, "v1"), deploy(operator, f"{REGISTRY}/ganopa-bot:v1"))
    assert look(run_check).signals["tag-moved"] is False


def test_whether_the_tag_moved_is_unknown_while_nothing_runs(run_check: RunCheck, operator: Session) -> None:
    push(operator, "v1")
    assert judged(run_check) == {"newer-image": False, "tag-moved": None}


def test_an_image_that_is_not_there_is_neither_old_nor_moved(run_check: RunCheck, operator: Session, run: Run) -> None:
    run(push(operator, "v2"))
    assert judged(run_check) == {"newer-image": None, "tag-moved": None}


def test_an_image_of_several_platforms_has_several_digests(run_check: RunCheck, operator: Session, run: Run) -> None:
    digest = push(operator, "v1", kind=INDEX)
    run(digest)
    assert look(run_check).signals["tag-moved"] is False
    run("sha256:" + "0" * 64)
    assert look(run_check).signals["tag-moved"] is None


def test_a_digest_does_not_move(run_check: RunCheck, operator: Session, repository: Any, run: Run) -> None:
    digest = pushed(operator, repository, "v1", minutes_ago=5)
    deploy(operator, f"{REGISTRY}/ganopa-bot@{digest}")
    run(digest)
    assert judged(run_check) == {"newer-image": False, "tag-moved": False}
    push(operator, "v2")
    assert judged(run_check) == {"newer-image": True, "tag-moved": False}


def test_an_empty_repository_is_unknown(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert set(finding.signals.values()) == {None}
    assert finding.facts["newest_tag"] is finding.facts["newest_pushed"] is None


def test_an_image_of_elsewhere_is_unknown(run_check: RunCheck, operator: Session) -> None:
    deploy(operator, "nginx:1.27")
    finding = look(run_check)
    assert set(finding.signals.values()) == {None}
    assert finding.summary == f"unknown: nginx:1.27 is not from {REGISTRY}/ganopa-bot"


def test_what_could_not_be_read_may_be_newer(
    run_check: RunCheck, operator: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sha256:" + "0" * 64)
    push(operator, "v1")
    push(operator, "v2")
    monkeypatch.setattr(reading, "SECONDS", 0)
    monkeypatch.setattr(
        "functions.core.registry.in_time", lambda pages, _: ({**page, "nextToken": "x"} for page in pages)
    )
    finding = look(run_check)
    assert finding.signals == {"newer-image": None, "registered-later": None, "tag-moved": True}
    assert finding.summary.endswith("newest of 2 tagged images: unknown, because there are more")
