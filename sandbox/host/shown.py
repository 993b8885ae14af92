"""Containers and images as docker prints them."""

import time
from datetime import UTC, datetime
from typing import Any

from sandbox.host.container import Container
from sandbox.host.engine import EVERYWHERE, Engine
from sandbox.host.images import Image
from sandbox.host.options import age, human
from sandbox.speed import SPEED

_ZERO = "0001-01-01T00:00:00Z"


def publishers(container: Container) -> list[dict[str, Any]]:
    """Return where a running container's ports are published, as compose lists it."""
    found = []
    for port in container.config["ports"] if container.running else []:
        address = port.get("host_ip", EVERYWHERE) if "published" in port else ""
        for url in (EVERYWHERE, "::") if address == EVERYWHERE else (address,):
            number = int(port.get("published", 0))
            found.append(
                {"URL": url, "TargetPort": port["target"], "PublishedPort": number, "Protocol": port["protocol"]}
            )
    return found


def row(container: Container) -> dict[str, Any]:
    """Return what `docker ps` and `docker compose ps` say of a container."""
    labels = {
        "com.docker.compose.project": container.project,
        "com.docker.compose.service": container.service,
        "com.docker.compose.config-hash": container.config_hash,
    }
    return {
        "Command": f'"{container.image.program.kind}"',
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(container.created)),
        "ExitCode": container.exit_code,
        "Health": container.health if container.running else "",
        "ID": container.id[:12],
        "Image": container.image_name if container.image.tags else container.image.id[:19],
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "LocalVolumes": str(len(container.volumes)),
        "Mounts": ",".join(container.volumes.values()),
        "Name": container.name,
        "Names": container.name,
        "Networks": f"{container.project}_default",
        "Ports": ", ".join(_port(one) for one in publishers(container)),
        "Project": container.project,
        "Publishers": publishers(container),
        "RunningFor": f"{age((time.time() - container.created) * SPEED)} ago",
        "Service": container.service,
        "Size": "0B",
        "State": container.state,
        "Status": status(container),
    }


def status(container: Container) -> str:
    """Return the status as `docker ps` words it."""
    lasted = age((time.monotonic() - container.since) * SPEED)
    if container.state == "running":
        health = {"": "", "starting": " (health: starting)"}.get(container.health, f" ({container.health})")
        return f"Up {lasted}{health}"
    if container.state == "created":
        return "Created"
    return f"{container.state.capitalize()} ({container.exit_code}) {lasted} ago"


def image_row(image: Image, tag: str, engine: Engine) -> dict[str, Any]:
    """Return what `docker images` says of an image under one of its tags."""
    name, _, version = tag.rpartition(":")
    users = sum(one.image is image for one in list(engine.containers.values()))
    return {
        "Containers": str(users) if users else "N/A",
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime(image.created)),
        "CreatedSince": f"{age(time.time() - image.created)} ago",
        "Digest": "<none>",
        "ID": image.id.removeprefix("sha256:")[:12],
        "Repository": name or "<none>",
        "SharedSize": "N/A",
        "Size": human(image.size),
        "Tag": version or "<none>",
        "UniqueSize": "N/A",
        "VirtualSize": human(image.size),
    }


def inspected_image(image: Image) -> dict[str, Any]:
    """Return what `docker image inspect` says."""
    return {
        "Id": image.id,
        "RepoTags": sorted(image.tags),
        "RepoDigests": [],
        "Created": _stamp(image.created),
        "Architecture": "amd64",
        "Os": "linux",
        "Size": image.size,
        "Config": {"Labels": {}},
    }


def inspected(container: Container) -> dict[str, Any]:
    """Return what `docker inspect` says of a container."""
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in container.config["ports"]:
        key = f"{port['target']}/{port['protocol']}"
        if "published" in port:
            bindings.setdefault(key, []).append({"HostIp": port.get("host_ip", ""), "HostPort": port["published"]})
    mounts = [{"Type": "volume", "Name": name, "Destination": target} for target, name in container.volumes.items()]
    environment = [f"{key}={value}" for key, value in container.config["environment"].items()]
    labels = {"com.docker.compose.project": container.project, "com.docker.compose.service": container.service}
    return {
        "Id": container.id,
        "Created": _stamp(container.created),
        "State": _state(container),
        "Image": container.image.id,
        "Name": f"/{container.name}",
        "RestartCount": container.restarts,
        "LogPath": str(container.log_file),
        "HostConfig": {
            "PortBindings": bindings,
            "RestartPolicy": {"Name": str(container.config.get("restart", "no")).partition(":")[0]},
        },
        "Mounts": mounts,
        "Config": {"Image": container.image_name, "Env": environment, "Labels": labels},
    }


def _state(container: Container) -> dict[str, Any]:
    state: dict[str, Any] = {
        "Status": container.state,
        "Running": container.running,
        "Restarting": container.state == "restarting",
        "OOMKilled": container.oom_killed,
        "Pid": 4711 if container.running else 0,
        "ExitCode": container.exit_code,
        "StartedAt": _stamp(container.started),
        "FinishedAt": _stamp(container.finished),
    }
    if container.health:
        state["Health"] = {"Status": container.health}
    return state


def _port(one: dict[str, Any]) -> str:
    inner = f"{one['TargetPort']}/{one['Protocol']}"
    if not one["URL"]:
        return inner
    url = f"[{one['URL']}]" if ":" in one["URL"] else one["URL"]
    return f"{url}:{one['PublishedPort']}->{inner}"


def _stamp(seconds: float) -> str:
    if not seconds:
        return _ZERO
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
