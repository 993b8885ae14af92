import pytest
from pydantic import ValidationError

from functions.core.aws import Session
from functions.core.errors import NotFound, Refused
from functions.fixes.move_to_revision import handler
from tests.functions.conftest import CLUSTER, IMAGE, OF_SERVICE, REGISTRY, RunFix, RunUndo, describe, register

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def moved(operator: Session) -> str:
    """The service runs its first revision, by its ARN, and there is a second one."""
    newest = register(operator, f"{REGISTRY}/ganopa-bot:v2")
    first = newest.rpartition(":")[0] + ":1"
    operator.client("ecs").update_service(**OF_SERVICE, taskDefinition=first)  # type: ignore[arg-type]
    return newest


def test_move_and_undo(run_fix: RunFix, run_undo: RunUndo, operator: Session, moved: str) -> None:
    before = describe(operator)
    change = run_fix(handler, **OF_SERVICE, revision=moved)
    after = describe(operator)
    assert change.before == {"revision": before["taskDefinition"]}
    assert change.after == {"revision": moved}
    assert after["taskDefinition"] == moved
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert {name for name in before if before[name] != after[name]} <= {"taskDefinition", "deployments", "events"}
    run_undo(handler, change.undo)
    run_undo(handler, change.undo)
    assert describe(operator)["taskDefinition"] == before["taskDefinition"]


def test_nothing_to_do(run_fix: RunFix, operator: Session, moved: str) -> None:
    run_fix(handler, **OF_SERVICE, revision=moved)
    before = describe(operator)
    assert not run_fix(handler, **OF_SERVICE, revision=moved).changed
    assert describe(operator) == before


def test_never_to_another_task_definition(run_fix: RunFix, operator: Session, moved: str) -> None:
    before = describe(operator)["taskDefinition"]
    other = operator.client("ecs").register_task_definition(
        family="ganopa-bot-2", containerDefinitions=[{"name": "ganopa-bot", "image": IMAGE, "memory": 128}]
    )
    with pytest.raises(Refused, match="is no revision of what the service runs"):
        run_fix(handler, **OF_SERVICE, revision=other["taskDefinition"]["taskDefinitionArn"])
    assert moved != describe(operator)["taskDefinition"] == before


@pytest.mark.parametrize("revision", ["ganopa-bot", "ganopa-bot:2", "arn:aws:ecs:r:123456789012:task-definition/bot"])
def test_only_one_exact_revision(run_fix: RunFix, revision: str) -> None:
    with pytest.raises(ValidationError, match="revision"):
        run_fix(handler, **OF_SERVICE, revision=revision)


def test_no_such_service(run_fix: RunFix, moved: str) -> None:
    with pytest.raises(NotFound, match="named other"):
        run_fix(handler, cluster=CLUSTER, service="other", revision=moved)
