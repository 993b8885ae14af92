import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.core.exceptions import AccessDeniedError
from moto.core.responses import ActionResult
from moto.ecs import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse

from functions.checks.task_variables import handler
from functions.core import reading
from functions.core.aws import Session
from functions.core.results import Finding
from tests.functions.conftest import ACCOUNT, RunCheck

PLANTED = "p1anted-s3cret"
ELSEWHERE = "us-east-2"
FINE = {"secret-names": False, "aws-keys": False, "none": False}
Variables = dict[str, list[str]]


class Definitions:
    """Task definitions of another region, listed as ECS does and moto does not: the active ones, in pages."""

    def __init__(self, operator: Session, aws: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ecs, self.read = operator.client("ecs", ELSEWHERE), aws.client("ecs", ELSEWHERE)
        self.backend: Any = ecs_backends[ACCOUNT][ELSEWHERE]
        self.page, self.patch, self.answers = 100, monkeypatch, list[Any]()

        def list_families(request: Any) -> ActionResult:
            return ActionResult(self._families(request._get_param))  # noqa: SLF001

        monkeypatch.setattr(EC2ContainerServiceResponse, "list_task_definition_families", list_families)
        self.instead("_get_last_task_definition_revision_id", lambda _, family: max(self._active(family)))

    def instead(self, name: str, function: Callable[..., Any]) -> None:
        """Replace a function of moto."""
        self.patch.setattr(type(self.backend), name, function)

    def register(self, family: str, **variables: list[str]) -> str:
        """Register a revision whose containers have variables of these names; return its ARN."""
        containers: Any = [
            {
                "name": container,
                "image": "app",
                "memory": 128,
                "environment": [{"name": name, "value": PLANTED} for name in names],
                "secrets": [{"name": "SESSION_SECRET", "valueFrom": "arn:aws:ssm:us-east-2:1:parameter/session"}],
            }
            for container, names in variables.items()
        ]
        made = self.ecs.register_task_definition(family=family, containerDefinitions=containers)
        return made["taskDefinition"]["taskDefinitionArn"]

    def _active(self, family: str) -> list[int]:
        revisions = self.backend.task_definitions[family]
        return [number for number, one in revisions.items() if one.status == "ACTIVE"]

    def _families(self, asked: Callable[[str], Any]) -> dict[str, Any]:
        every = [one for one in self.backend.task_definitions if asked("status") != "ACTIVE" or self._active(one)]
        begin, size = int(asked("nextToken") or 0), min(self.page, int(asked("maxResults")))
        more = {"nextToken": str(begin + size)} if len(every) > begin + size else {}
        return {"families": every[begin : begin + size]} | more

    def arrived(self, parsed: Any, **_: Any) -> None:
        """Keep an answer."""
        self.answers.append(parsed)


@pytest.fixture
def definitions(operator: Session, aws: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Definitions]:
    definitions = Definitions(operator, aws, monkeypatch)
    events = definitions.read.meta.events
    events.register("after-call", definitions.arrived)
    yield definitions
    events.unregister("after-call", definitions.arrived)


def look(run_check: RunCheck, named: str = "huntaze") -> Finding:
    return run_check(handler, region=ELSEWHERE, named=named)


def test_healthy(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["NODE_ENV", "NEXTAUTH_URL"], proxy=[])
    finding = look(run_check)
    assert finding.signals == FINE
    assert finding.facts == {"families": 1, "variables": 2, "aws_keys": [], "secrets": []}
    assert finding.evidence == []
    assert finding.summary == (
        "task definitions: 1; environment variables: 2; keys of AWS: 0; others named as secrets are: 0"
    )


def test_names_of_secrets(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["NODE_ENV"], worker=["REDIS_URL", "DATABASE_URL"])
    definitions.register("huntaze-secret", app=["OPENAI_API_KEY"])
    finding = look(run_check)
    assert finding.signals == FINE | {"secret-names": True}
    assert finding.facts["secrets"] == ["DATABASE_URL", "OPENAI_API_KEY", "REDIS_URL"]
    assert finding.evidence == [
        "huntaze-web revision 1, container worker has DATABASE_URL, REDIS_URL",
        "huntaze-secret revision 1, container app has OPENAI_API_KEY",
    ]


def test_keys_of_aws(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
    finding = look(run_check)
    assert finding.signals == FINE | {"aws-keys": True}
    assert finding.evidence == ["huntaze-web revision 1, container app has AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"]


def test_no_value_is_read(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["NODE_ENV", "JWT_SECRET", "AWS_ACCESS_KEY_ID"])
    finding = look(run_check)
    assert PLANTED not in finding.model_dump_json()
    assert "JWT_SECRET" in json.dumps(definitions.answers, default=str)
    assert PLANTED not in json.dumps(definitions.answers, default=str)


def test_only_the_newest_active_revision_counts(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["JWT_SECRET"])
    definitions.register("huntaze-web", app=["NODE_ENV"])
    assert look(run_check).signals == FINE
    newest = definitions.register("huntaze-web", app=["DB_PASSWORD"])
    assert look(run_check).evidence == ["huntaze-web revision 3, container app has DB_PASSWORD"]
    definitions.ecs.deregister_task_definition(taskDefinition=newest)
    assert look(run_check).signals == FINE


def test_only_families_with_the_word_count(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=["NODE_ENV"])
    definitions.register("other", app=["JWT_SECRET"])
    assert look(run_check).signals == FINE
    everything = look(run_check, named="")
    assert everything.signals == FINE | {"secret-names": True}
    assert everything.facts["families"] == 2


def test_none(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("other", app=["JWT_SECRET"])
    gone = definitions.register("huntaze-web", app=["JWT_SECRET"])
    definitions.ecs.deregister_task_definition(taskDefinition=gone)
    finding = look(run_check)
    assert finding.signals == FINE | {"none": True}
    assert finding.facts["families"] == 0


def test_every_page_is_read(run_check: RunCheck, definitions: Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 60)  # however busy this machine is
    for n in range(205):
        definitions.register(f"huntaze-{n}", app=["JWT_SECRET"] if n == 204 else [])
    finding = look(run_check)
    assert finding.facts["families"] == 205
    assert finding.signals == FINE | {"secret-names": True}
    assert finding.evidence == ["huntaze-204 revision 1, container app has JWT_SECRET"]


def test_of_families_that_were_not_all_listed_only_what_was_seen_is_known(
    run_check: RunCheck, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions.page = 1
    monkeypatch.setattr("functions.core.listed.over", lambda _: 0)
    for family in ("huntaze-web", "other"):
        definitions.register(family, app=["JWT_SECRET"])
    finding = look(run_check)
    assert finding.signals == FINE | {"secret-names": True, "aws-keys": None}
    assert finding.summary.endswith("; there is more than could be read")
    assert look(run_check, named="other").signals == dict.fromkeys(FINE, None)


def test_families_that_there_was_no_time_to_read_are_unknown(
    run_check: RunCheck, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    definitions.register("huntaze-web", app=[])
    definitions.register("huntaze-worker", app=[])
    monkeypatch.setattr("functions.core.each.AT_ONCE", 1)
    monkeypatch.setattr(reading, "SECONDS", 0)
    assert look(run_check).signals == {"secret-names": None, "aws-keys": None, "none": False}


def test_a_permission_that_is_missing_fails_the_check(run_check: RunCheck, definitions: Definitions) -> None:
    definitions.register("huntaze-web", app=[])

    def denied(*_: object, **__: object) -> None:
        raise AccessDeniedError("nobody", "ecs:DescribeTaskDefinition")

    definitions.instead("describe_task_definition", denied)
    with pytest.raises(ClientError, match="ecs:DescribeTaskDefinition"):
        look(run_check)
