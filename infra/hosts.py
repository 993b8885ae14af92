"""The SSM documents of a service: one for each command that its runbooks run on hosts, and no other."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aws_cdk import aws_ssm as ssm
from constructs import Construct
from ruamel.yaml import YAML

from functions.core import catalogue, hosts
from functions.core.function import Function
from infra.grants import uses
from statemachines.model import Runbook, Service

FOLDER = Path(__file__).parent.parent / "documents"


class Documents(Construct):
    """The documents, each called as the service and its own file; what changes in one is its new default version."""

    def __init__(self, scope: Construct, service: Service, runbooks: Iterable[Runbook]) -> None:
        super().__init__(scope, "Documents")
        for name in wanted(runbooks):
            ssm.CfnDocument(
                self,
                name.replace("_", "-"),
                name=hosts.called(service.name, name),
                document_type="Command",
                document_format="JSON",
                content=content(name),
                update_method="NewVersion",
            )


def wanted(runbooks: Iterable[Runbook]) -> list[str]:
    """List the documents that the checks and fixes of runbooks declare, by their files' names."""
    known: dict[str, Function] = {f"check/{name}": one for name, one in catalogue.checks().items()}
    known |= {f"fix/{name}": one for name, one in catalogue.fixes().items()}
    declared = (permission.document for name in uses(runbooks) for permission in known[name].permissions)
    return sorted(set(filter(None, declared)))


def content(name: str) -> dict[str, Any]:
    """Read a document."""
    read: dict[str, Any] = YAML(typ="safe").load(FOLDER / f"{name}.yaml")
    return read
