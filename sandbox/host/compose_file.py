"""A compose file, read as `docker compose config` shows it: long forms, variables filled in."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Service = dict[str, Any]
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_PORT = re.compile(r"(?:(\d+(?:\.\d+){3}):)?(?:(\d+):)?(\d+)(?:/(tcp|udp))?")


class ComposeError(Exception):
    """A compose file that docker compose would refuse; the text is docker's."""


@dataclass(frozen=True)
class Project:
    """A project: its folder on this machine, and its services and volumes by name."""

    name: str
    folder: Path
    services: dict[str, Service]
    volumes: dict[str, dict[str, Any]]

    def select(self, names: list[str]) -> list[str]:
        """Return the named services, or all; raises ComposeError for one that is not there."""
        for name in names:
            if name not in self.services:
                raise ComposeError(f"no such service: {name}")
        return names or list(self.services)

    def image(self, service: str) -> str:
        """Return the name of a service's image."""
        return str(self.services[service].get("image") or f"{self.name}-{service}")

    def container(self, service: str) -> str:
        """Return the name of a service's container."""
        return str(self.services[service].get("container_name") or f"{self.name}-{service}-1")

    def config_hash(self, service: str) -> str:
        """Return what a container remembers of its configuration: another one means that it must be recreated."""
        kept = {key: value for key, value in self.services[service].items() if key not in ("build", "depends_on")}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def load(file: Path, name: str = "") -> Project:
    """Read a compose file; raises ComposeError."""
    try:
        document = YAML(typ="safe", pure=True).load(file.read_text())
        given = document["services"]
    except FileNotFoundError as error:
        raise ComposeError(f"open {file}: no such file or directory") from error
    except (YAMLError, KeyError, TypeError, OSError) as error:
        raise ComposeError(f"yaml: {file}: {error}") from error
    project = name or str(document.get("name") or re.sub(r"[^a-z0-9_-]", "", file.parent.name.lower()))
    variables = _variables(file.parent / ".env")
    services = {key: _service(key, _filled(one, variables), file.parent) for key, one in given.items()}
    volumes = {key: {"name": f"{project}_{key}"} for key in document.get("volumes") or {}}
    return Project(project, file.parent, services, volumes)


def _variables(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _filled(value: Any, variables: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda m: "$" if m[0] == "$$" else variables.get(m[1] or m[3], m[2] or ""), value)


def _service(name: str, given: dict[str, Any], folder: Path) -> Service:
    found: Service = {key: given[key] for key in ("image", "container_name", "restart") if key in given}
    if "build" in given:
        build = given["build"] if isinstance(given["build"], dict) else {"context": given["build"]}
        context = str((folder / build["context"]).resolve())
        found["build"] = {"context": context, "dockerfile": build.get("dockerfile", "Dockerfile")}
    elif "image" not in given:
        raise ComposeError(
            f'service "{name}" has neither an image nor a build context specified: invalid compose project'
        )
    environment = given.get("environment") or {}
    if isinstance(environment, list):
        environment = dict(one.split("=", 1) for one in environment)
    found["environment"] = {key: str(value) for key, value in environment.items()}
    found["ports"] = [_port(one) for one in given.get("ports") or []]
    found["volumes"] = [_volume(one) for one in given.get("volumes") or []]
    if "healthcheck" in given:
        found["healthcheck"] = given["healthcheck"]
    depends = given.get("depends_on") or {}
    conditions = depends if isinstance(depends, dict) else {key: {} for key in depends}
    found["depends_on"] = {
        key: {"condition": one.get("condition", "service_started"), "required": True} for key, one in conditions.items()
    }
    found["networks"] = {"default": None}
    return found


def _port(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        host = {"host_ip": given["host_ip"]} if given.get("host_ip") else {}
        return {
            "mode": "ingress",
            **host,
            "target": int(given["target"]),
            "published": str(given["published"]),
            "protocol": given.get("protocol", "tcp"),
        }
    found = _PORT.fullmatch(str(given))
    if not found:
        raise ComposeError(f"invalid containerPort: {given}")
    host = {"host_ip": found[1]} if found[1] else {}
    published = {"published": found[2]} if found[2] else {}
    return {"mode": "ingress", **host, "target": int(found[3]), **published, "protocol": found[4] or "tcp"}


def _volume(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return dict(given)
    source, colon, target = given.partition(":")
    if not colon:
        return {"type": "volume", "target": source}
    kind = "bind" if source.startswith((".", "/", "~")) else "volume"
    return {"type": kind, "source": source, "target": target.removesuffix(":ro")}
