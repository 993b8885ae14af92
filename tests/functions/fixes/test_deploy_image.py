import json

import pytest
from moto.ecs.models import Service
from pydantic import ValidationError

from functions.core import revisions
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Change
from functions.fixes.deploy_image import handler
from tests.functions.conftest import IMAGE, REGISTRY, RunFix, RunUndo, describe
from tests.functions.fixes.revisions import DEPLOYED, container, count, differing, rich, running

__all__ = ["rich"]
pytestmark = pytest.mark.usefixtures("rich")
WANTED = f"{REGISTRY}/ganopa-bot:v2"
MANIFEST = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}


@pytest.fixture(autouse=True)
def pushed(operator: Session) -> None:
    """The registry has the versions v1 and v2."""
    ecr = operator.client("ecr")
    ecr.create_repository(repositoryName="ganopa-bot")
    for tag in ("v1", "v2"):
        manifest = json.dumps(MANIFEST | {"config": {"digest": tag}})
        ecr.put_image(repositoryName="ganopa-bot", imageManifest=manifest, imageTag=tag)


def deploy(run_fix: RunFix, tag: str = "v2", **other: object) -> Change:
    return run_fix(handler, **DEPLOYED | {"repository": "ganopa-bot", "tag": tag} | other)


def test_only_the_image_differs(run_fix: RunFix, operator: Session) -> None:
    before = running(operator)
    change = deploy(run_fix)
    after = running(operator)
    assert differing(before, after) == {"containerDefinitions"}
    assert differing(*(one["containerDefinitions"][0] for one in (before, after))) == {"image"}
    assert before["containerDefinitions"][1:] == after["containerDefinitions"][1:]
    assert container(operator)["image"] == WANTED
    assert (change.before["image"], change.after["image"]) == (IMAGE, WANTED)
    assert change.before["contents"] != change.after["contents"]


def test_undo_and_undo_again(run_fix: RunFix, run_undo: RunUndo, operator: Session, rich: str) -> None:
    change = deploy(run_fix)
    assert describe(operator)["taskDefinition"] != rich
    for _ in range(2):
        run_undo(handler, change.undo)
        assert describe(operator)["taskDefinition"] == rich


def test_what_the_change_says_is_what_another_look_finds(run_fix: RunFix) -> None:
    change = deploy(run_fix)
    again = deploy(run_fix)
    assert not again.changed
    assert again.before == change.after


def test_interrupted_after_the_revision_was_registered_it_registers_no_other(
    run_fix: RunFix, operator: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions_before = count(operator)
    with monkeypatch.context() as patch:
        patch.setattr(revisions, "move", lambda *_: (_ for _ in ()).throw(TimeoutError))
        with pytest.raises(TimeoutError):
            deploy(run_fix)
    assert container(operator)["image"] == IMAGE
    deploy(run_fix)
    assert container(operator)["image"] == WANTED
    assert count(operator) == revisions_before + 1


def test_an_image_that_is_not_there(run_fix: RunFix, operator: Session, rich: str) -> None:
    with pytest.raises(NotFound, match=f"there is no image {REGISTRY}/ganopa-bot:v3 in me-central-1"):
        deploy(run_fix, "v3")
    assert describe(operator)["taskDefinition"] == rich


def test_no_such_container(run_fix: RunFix, rich: str) -> None:
    with pytest.raises(NotFound, match=f"in {rich} named web"):
        deploy(run_fix, container="web")


@pytest.mark.parametrize(
    "other",
    [{"tag": ""}, {"tag": "v1@sha256:0"}, {"tag": "../x"}, {"repository": "A"}, {"roles": []}, {"roles": ["bot"]}],
)
def test_what_is_no_image_or_role(run_fix: RunFix, other: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="|".join(other)):
        deploy(run_fix, **other)  # type: ignore[arg-type]


def test_tags_of_aws_are_not_set_again(run_fix: RunFix, operator: Session, service: Service) -> None:
    revision = service._backend.task_definitions["ganopa-bot"][2]  # noqa: SLF001
    revision.tags.append({"key": "aws:cloudformation:stack-name", "value": "bot"})
    deploy(run_fix)
    assert [tag["key"] for tag in running(operator)["tags"]] == ["team"]
