"""The seven containers of Harena, in the words of docker 27 and its compose plugin."""

import json
from typing import Any

SERVICES = {
    "conversation_service_v3": ("harena_conversation_v3_prod", 3008),
    "user_service": ("harena_user_prod", 3000),
    "search_service": ("harena_search_prod", 3001),
    "metric_service": ("harena_metric_prod", 3002),
    "budget_service": ("harena_budget_prod", 3006),
    "postgres": ("harena_postgres_prod", 5432),
    "redis": ("harena_redis_prod", 6379),
}
PUBLIC = [service for service, (_, port) in SERVICES.items() if port < 5000]


def publishers(port: int, *urls: str) -> list[dict[str, Any]]:
    """Write where a container's port is published."""
    return [{"URL": url, "TargetPort": port, "PublishedPort": port, "Protocol": "tcp"} for url in urls]


def container(service: str, **changed: Any) -> dict[str, Any]:
    """Write a container as `docker compose ps --all --format json` does."""
    name, port = SERVICES[service]
    return {
        "Command": "",
        "CreatedAt": "2025-10-24 09:12:44 +0000 UTC",
        "ExitCode": 0,
        "Health": "healthy",
        "ID": "5f2b8a6f1c2d",
        "Image": f"harena-{service}:latest",
        "Labels": "",
        "LocalVolumes": "0",
        "Mounts": "",
        "Name": name,
        "Names": name,
        "Networks": "harena_default",
        "Ports": f"0.0.0.0:{port}->{port}/tcp, [::]:{port}->{port}/tcp",
        "Project": "harena",
        "Publishers": publishers(port, "0.0.0.0", "::"),  # noqa: S104  as docker says it
        "RunningFor": "7 days ago",
        "Service": service,
        "Size": "0B",
        "State": "running",
        "Status": "Up 7 days (healthy)",
    } | changed


def stopped(code: int) -> dict[str, Any]:
    """Write what is different of a container that has stopped."""
    status = f"Exited ({code}) 2 minutes ago"
    return {"State": "exited", "Status": status, "ExitCode": code, "Health": "", "Publishers": []}


def containers(**changed: dict[str, Any]) -> str:
    """Write all containers, one a line; those that are named, changed."""
    return "".join(json.dumps(container(service, **changed.get(service, {}))) + "\n" for service in SERVICES)


def compose_file(**hosts: str) -> str:
    """Write what look_compose says: every port is for everybody, but for those that are named."""
    lines = []
    for service, (name, port) in SERVICES.items():
        lines += [f"service={service}", f"container={name}", f"image=harena-{service}"]
        lines.append(f"port={hosts.get(service, '')} {port} {port} tcp")
    return "\n".join(lines) + "\n"
