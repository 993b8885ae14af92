from typing import Any

import pytest

from functions.checks.task_definition import handler
from functions.core.aws import Session
from functions.core.errors import NotFound
from functions.core.results import Finding
from tests.functions.conftest import IMAGE, OF_SERVICE, REGISTRY, RunCheck

pytestmark = pytest.mark.usefixtures("service")
NEWER = f"{REGISTRY}/ganopa-bot:5d41402abc4b2a76b9719d911017c592ae6f3c01"
VALUE = "sk-0123456789abcdef0123"
SECRET = "arn:aws:secretsmanager:me-central-1:123456789012:secret:openai-AbCdEf"


def register(operator: Session, image: str = IMAGE, name: str = "ganopa-bot", **container: Any) -> str:
    """Register a revision of the bot's task definition; return its ARN."""
    definition = {"name": name, "image": image, "memory": 128, **container}
    registered = operator.client("ecs").register_task_definition(
        family="ganopa-bot",
        containerDefinitions=[definition],  # type: ignore[list-item]
    )
    return registered["taskDefinition"]["taskDefinitionArn"]


def deploy(operator: Session, revision: str) -> None:
    operator.client("ecs").update_service(**OF_SERVICE, taskDefinition=revision)  # type: ignore[arg-type]


def look(run_check: RunCheck, *required: str, container: str = "ganopa-bot") -> Finding:
    return run_check(handler, **OF_SERVICE, container=container, required=list(required))


def test_healthy(run_check: RunCheck) -> None:
    finding = look(run_check)
    assert finding.signals == {"variable-missing": False, "old-revision": False, "image-elsewhere": False}
    revision = "arn:aws:ecs:me-central-1:123456789012:task-definition/ganopa-bot:1"
    assert finding.facts == {
        "image": IMAGE,
        "tag": "v1",
        "revision": revision,
        "newest_revision": revision,
        "newest_image": IMAGE,
        "newest_tag": "v1",
        "missing": [],
    }


def test_variables_by_name_never_by_value(run_check: RunCheck, operator: Session) -> None:
    given = [{"name": "TELEGRAM_BOT_TOKEN", "value": VALUE}]
    by_reference = [{"name": "OPENAI_API_KEY", "valueFrom": SECRET}]
    deploy(operator, register(operator, environment=given, secrets=by_reference))
    finding = look(run_check, "TELEGRAM_BOT_TOKEN", "OPENAI_API_KEY")
    assert finding.signals["variable-missing"] is False
    assert VALUE not in finding.model_dump_json()


def test_a_variable_is_missing(run_check: RunCheck, operator: Session) -> None:
    deploy(operator, register(operator, environment=[{"name": "HOST", "value": "OPENAI_API_KEY"}]))
    finding = look(run_check, "OPENAI_API_KEY", "HOST", "API")
    assert finding.signals["variable-missing"]
    assert finding.facts["missing"] == ["API", "OPENAI_API_KEY"]
    assert finding.summary.endswith("variables missing: API, OPENAI_API_KEY")


def test_only_the_named_container_s_variables_count(run_check: RunCheck, operator: Session) -> None:
    containers: list[Any] = [
        {"name": "ganopa-bot", "image": IMAGE, "memory": 128},
        {"name": "proxy", "image": IMAGE, "memory": 128, "environment": [{"name": "KEY", "value": "1"}]},
    ]
    operator.client("ecs").register_task_definition(family="ganopa-bot", containerDefinitions=containers)
    deploy(operator, "ganopa-bot:2")
    assert look(run_check, "KEY").signals["variable-missing"]


def test_what_an_environment_file_holds_is_unknown(run_check: RunCheck, operator: Session) -> None:
    files = [{"value": "arn:aws:s3:::bucket/bot.env", "type": "s3"}]
    deploy(operator, register(operator, environmentFiles=files))
    assert look(run_check, "OPENAI_API_KEY").signals["variable-missing"] is None
    assert look(run_check).signals["variable-missing"] is False


def test_an_old_revision(run_check: RunCheck, operator: Session) -> None:
    newest = register(operator)
    finding = look(run_check)
    assert finding.signals == {"variable-missing": False, "old-revision": True, "image-elsewhere": False}
    assert finding.facts["newest_revision"] == newest


def test_revisions_are_numbers(run_check: RunCheck, operator: Session) -> None:
    revisions = [register(operator) for _ in range(10)]
    deploy(operator, revisions[-1])
    assert look(run_check).signals["old-revision"] is False
    deploy(operator, revisions[-3])
    assert look(run_check).signals["old-revision"]


def test_the_newest_revision_has_another_image(run_check: RunCheck, operator: Session) -> None:
    register(operator, NEWER)
    finding = look(run_check)
    assert finding.signals["image-elsewhere"]
    assert (finding.facts["tag"], finding.facts["newest_tag"]) == ("v1", NEWER.rpartition(":")[2])


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        (f"{REGISTRY}/ganopa-bot@sha256:{'0' * 64}", None),
        (f"{REGISTRY}/ganopa-bot", None),
        (f"{REGISTRY}/ganopa-bot:v2@sha256:{'0' * 64}", "v2"),
        ("localhost:5000/bot", None),
        ("localhost:5000/bot:v3", "v3"),
    ],
)
def test_the_tag_of_an_image(run_check: RunCheck, operator: Session, image: str, tag: str | None) -> None:
    deploy(operator, register(operator, image))
    assert look(run_check).facts["tag"] == tag


def test_the_newest_revision_lacks_the_container(run_check: RunCheck, operator: Session) -> None:
    register(operator, NEWER, name="bot")
    finding = look(run_check)
    assert finding.signals["image-elsewhere"] is None
    assert finding.facts["newest_tag"] is None


def test_no_such_container_is_unknown(run_check: RunCheck) -> None:
    with pytest.raises(NotFound, match="named web"):
        look(run_check, container="web")
