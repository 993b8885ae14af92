"""A synthesized template, as tests ask about it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

Properties = dict[str, Any]


class Template(NamedTuple):
    """A service's stack: its template's file, its resources by logical id, and the cloud assembly around it."""

    path: Path
    resources: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "Template":
        """Read a template's file."""
        content = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, content["Resources"], content.get("Outputs", {}))

    @property
    def service(self) -> str:
        """The service's name, which is the stack's."""
        return self.path.name.removesuffix(".template.json")

    def of(self, kind: str) -> dict[str, Properties]:
        """Return the properties of all resources of a type, for example `Lambda::Function`, by logical id."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def one(self, kind: str, **properties: object) -> tuple[str, Properties]:
        """Return the one resource of a type that has these properties, with its logical id."""
        found = [(name, one) for name, one in self.of(kind).items() if properties.items() <= one.items()]
        assert len(found) == 1, f"{len(found)} of {kind} with {properties}"
        return found[0]

    def function(self, name: str) -> Properties:
        """Return a function by its name without the service's."""
        return self.one("Lambda::Function", FunctionName=f"{self.service}-{name}")[1]

    def statements(self, function: Properties) -> list[Properties]:
        """Return everything that a function's role, or a state machine's, allows."""
        role = function.get("Role") or function["RoleArn"]
        return allowing(self.resources[role["Fn::GetAtt"][0]]["Properties"])

    def denied(self, function: Properties) -> list[Properties]:
        """Return everything that a function's role denies."""
        role = self.resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
        return [one for one in _statements(role) if one["Effect"] == "Deny"]

    def allowed(self, function: Properties) -> set[tuple[str, str]]:
        """Return what its role allows as pairs of action and resource; a reference as its JSON."""
        return {
            (action, one if isinstance(one, str) else json.dumps(one))
            for statement in self.statements(function)
            for action in listed(statement["Action"])
            for one in listed(statement["Resource"])
        }


def allowing(role: Properties) -> list[Properties]:
    """Return the statements of a role that allow something."""
    return [one for one in _statements(role) if one["Effect"] == "Allow"]


def _statements(role: Properties) -> list[Properties]:
    return [one for policy in role.get("Policies", []) for one in policy["PolicyDocument"]["Statement"]]


def listed(value: object) -> list[Any]:
    """Return what IAM writes as one or as a list as a list."""
    return value if isinstance(value, list) else [value]
