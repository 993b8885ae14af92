"""The files of Harena's repository: its compose file, and each service's source."""

import json
from dataclasses import dataclass

from sandbox.host.engine import EVERYWHERE
from sandbox.host.program import GIB, MIB

FILE = "docker-compose.prod.yml"
LOGIN = "/api/v1/users/auth/login"
BUILD_SECONDS = 240  # on AWS, of each of the five: twenty minutes for all


@dataclass(frozen=True)
class Service:
    """A service of Harena's own: its container's name, its port, the path of its health."""

    container: str
    port: int
    health: str = "/health"
    memory: int = 320 * MIB


SERVICES = {
    "user_service": Service("harena_user_prod", 3000),
    "search_service": Service("harena_search_prod", 3001, "/api/v1/search/health"),
    "metric_service": Service("harena_metric_prod", 3002),
    "budget_service": Service("harena_budget_prod", 3006),
    "conversation_service_v3": Service("harena_conversation_v3_prod", 3008, memory=460 * MIB),
}
ENDPOINTS = tuple(f"{one.port}{one.health}" for one in SERVICES.values())


def files(address: str) -> dict[str, str]:
    """Return the files of a release whose services are published on an address."""
    files = {FILE: _compose(address), ".gitignore": ".env\n"}
    for name in SERVICES:
        files[f"{name}/Dockerfile"] = 'FROM python:3.11-slim\nCOPY . /app\nCMD ["python", "-m", "app"]\n'
        files[f"{name}/app.json"] = app(name)
    return files


def app(name: str, **more: object) -> str:
    """Return what says how a service behaves, and what is different now."""
    service = SERVICES[name]
    given = {"port": service.port, "health": service.health, "memory": service.memory, "size": GIB}
    given["build_seconds"] = BUILD_SECONDS
    login = {"login": LOGIN} if name == "user_service" else {}
    return json.dumps(given | login | more, indent=2) + "\n"


def _compose(address: str) -> str:
    """Return the compose file; as YAML, which JSON is too."""
    host = "" if address == EVERYWHERE else f"{address}:"
    secret = {"DATABASE_URL": "postgresql://harena:${POSTGRES_PASSWORD}@postgres:5432/harena"}
    services: dict[str, object] = {
        "postgres": {
            "image": "postgres:15",
            "container_name": "harena_postgres_prod",
            "restart": "unless-stopped",
            "environment": {"POSTGRES_PASSWORD": "${POSTGRES_PASSWORD}"},
            "volumes": ["postgres_data:/var/lib/postgresql/data"],
            "healthcheck": _check("CMD-SHELL", "psql -U harena -c 'select 1 from users limit 1'"),
        },
        "redis": {
            "image": "redis:7",
            "container_name": "harena_redis_prod",
            "restart": "unless-stopped",
            "healthcheck": _check("CMD", "redis-cli", "ping"),
        },
    }
    for name, service in SERVICES.items():
        services[name] = {
            "build": f"./{name}",
            "container_name": service.container,
            "restart": "unless-stopped",
            "ports": [f"{host}{service.port}:{service.port}"],
            "environment": secret,
            "depends_on": ["postgres", "redis"],
            "healthcheck": _check("CMD", "curl", "-f", f"http://localhost:{service.port}{service.health}"),
        }
    return json.dumps({"services": services, "volumes": {"postgres_data": {}}}, indent=2) + "\n"


def _check(*test: str) -> dict[str, object]:
    return {"test": list(test), "interval": "30s", "timeout": "10s", "retries": 3, "start_period": "20s"}
