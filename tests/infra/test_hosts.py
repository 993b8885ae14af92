"""The documents of a service, and who may send which of them where."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.core import catalogue
from functions.core.function import Function
from infra.grants import grants, uses
from infra.hosts import Documents, content, wanted
from statemachines import load
from statemachines.model import Runbook, RunbookUse, Service
from tests.infra.template import Template

ROOT = Path(__file__).parents[2]
PLACE = "eu-west-1:123456789012"
INSTANCE = "i-0011b978b7cea66dc"
RUNBOOK = Runbook.model_validate(
    {
        "name": "services_down",
        "title": "A service is down",
        "source": "",
        "symptoms": [],
        "checks": {
            "containers": {
                "check": "compose_containers",
                "with": {"instance": "{host}", "directory": "/srv", "file": "compose.yml", "expected": ["redis"]},
            },
            "memory": {
                "check": "host_memory",
                "with": {"instance": "{host}", "directory": "/srv", "file": "a", "warning": 85, "alert": 90},
            },
        },
        "causes": [{"name": "down", "title": "It is down", "confirmed_by": ["containers.down"], "manual": "Start it"}],
        "validation": {"signals": ["containers.down"], "every": 10, "attempts": 2},
    }
)


@pytest.fixture
def service() -> Service:
    """A service on one host."""
    changed = {
        "name": "harena",
        "region": "eu-west-1",
        "resources": {"host": INSTANCE},
        "runbooks": {"services_down": RunbookUse()},
    }
    return load.services()["ganopa-bot"].model_copy(update=changed)


@pytest.fixture
def documents(service: Service, node: Path, tmp_path: Path) -> Template:  # noqa: ARG001  jsii has to find its Node.js
    """The service's documents, synthesized."""
    from aws_cdk import App, Stack

    app = App(outdir=str(tmp_path / "cdk.out"))
    Documents(Stack(app, "harena"), service, [RUNBOOK])
    app.synth()
    return Template.read(tmp_path / "cdk.out" / "harena.template.json")


def allowed(name: str, service: Service) -> set[tuple[str, str]]:
    """Return what a check's role would allow."""
    check: Function = catalogue.checks()[name]
    found = grants(check, uses([RUNBOOK])[f"check/{name}"], service, {})
    return {(action, arn) for grant in found for action in grant.actions for arn in grant.resources}


def test_the_documents_that_runbooks_use_and_no_other() -> None:
    assert wanted([RUNBOOK]) == ["look_containers", "look_memory"]
    assert wanted([]) == []


def test_the_documents_of_fixes_too() -> None:
    restart = {
        "fix": "restart_container",
        "with": {"instance": "{host}", "directory": "/srv", "file": "a", "service": "redis"},
        "before": "",
        "after": "",
    }
    cause = {"name": "down", "title": "It is down", "confirmed_by": ["containers.down"], "fix": [restart]}
    runbook = Runbook.model_validate(RUNBOOK.model_dump(by_alias=True) | {"causes": [cause]})
    assert wanted([runbook]) == ["do_restart", "look_containers", "look_memory", "look_started"]


def test_documents(documents: Template) -> None:
    made: dict[str, Any] = {one["Name"]: one for one in documents.of("SSM::Document").values()}
    assert made.keys() == {"harena-look-containers", "harena-look-memory"}
    for name, one in made.items():
        assert one == {
            "Name": name,
            "DocumentType": "Command",
            "DocumentFormat": "JSON",
            "UpdateMethod": "NewVersion",
            "Content": content(name.removeprefix("harena-").replace("-", "_")),
        }
        assert len(json.dumps(one["Content"])) < 64_000  # what SSM takes


def test_cfn_lint_finds_nothing(documents: Template) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(documents.path)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_check_may_send_its_documents_to_its_instance_and_nothing_else(service: Service) -> None:
    nodes = {f"arn:aws:ec2:{PLACE}:instance/{INSTANCE}", f"arn:aws:ssm:{PLACE}:managed-instance/{INSTANCE}"}
    everywhere = {"ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation", "ssm:CancelCommand"}
    expected = {("ssm:SendCommand", arn) for arn in {*nodes, f"arn:aws:ssm:{PLACE}:document/harena-look-containers"}}
    expected |= {(action, "*") for action in everywhere}
    assert allowed("compose_containers", service) == expected
    assert allowed("host_memory", service) == expected | {
        ("ssm:SendCommand", f"arn:aws:ssm:{PLACE}:document/harena-look-memory")
    }


def test_who_starts_a_runbook_by_hand_cannot_name_another_host(service: Service) -> None:
    free = {"services_down": RunbookUse(overrides={"host": ".*"})}
    with pytest.raises(load.FileError, match=r"overrides\.host: the role of check host_memory .* cannot be overridden"):
        allowed("host_memory", service.model_copy(update={"runbooks": free}))


@pytest.mark.parametrize("kind", ["check", "fix"])
def test_every_declared_document_exists(kind: str) -> None:
    functions: list[Function] = [*(catalogue.checks() if kind == "check" else catalogue.fixes()).values()]
    declared = [permission for one in functions for permission in one.permissions if ":document/" in permission.on]
    for permission in declared:
        assert permission.document, permission.on
        assert content(permission.document)["schemaVersion"] == "2.2"
        assert permission.document.startswith("look_") or kind == "fix"
    assert len(declared) >= (8 if kind == "check" else 0)


def test_functions_take_what_documents_take() -> None:
    """What a check's parameters let through, the document does not refuse, and the other way round."""
    for check in catalogue.checks().values():
        for document in filter(None, (permission.document for permission in check.permissions)):
            for name, declared in content(document)["parameters"].items():
                schema = check.parameters.model_json_schema()["properties"][name]
                if "pattern" in schema:
                    assert schema["pattern"] == declared["allowedPattern"], f"{check.name} {name}"
                elif "items" in schema:
                    members = ",".join(["3000" + "/a" * 5] * schema["maxItems"])
                    assert re.fullmatch(declared["allowedPattern"], members)
                    assert schema["items"]["pattern"].strip("^$") in declared["allowedPattern"]
                else:
                    assert re.fullmatch(declared["allowedPattern"], str(schema["maximum"]))
