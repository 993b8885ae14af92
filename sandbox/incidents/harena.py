"""Why Harena, seven containers on one host, is not well, or cannot be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.incidents.incident import Incident

if TYPE_CHECKING:
    from sandbox.harena import Harena

PORT, SERVICE = "port_bound_to_localhost", "service_unhealthy"
MEMORY, DISK = "memory_saturated", "disk_saturated"

INCIDENTS: tuple[Incident[Harena], ...] = (
    Incident(
        "localhost-port",
        "Two services were rebuilt from an old compose file",
        lambda host: host.break_ports(),
        "recreate_container",
        runbook=PORT,
    ),
    Incident(
        "unpublished-port",
        "A service was made by hand, without its port",
        lambda host: host.break_publishing(),
        "recreate_container",
        runbook=PORT,
    ),
    Incident(
        "service-down", "A service has ended", lambda host: host.break_down(), "restart_container", runbook=SERVICE
    ),
    Incident(
        "service-hanging",
        "A service answers nothing any more",
        lambda host: host.break_hanging(),
        "restart_container",
        runbook=SERVICE,
    ),
    Incident(
        "broken-image",
        "A service was built from an edit that nobody committed",
        lambda host: host.break_image(),
        "rebuild_container",
        runbook=SERVICE,
    ),
    Incident(
        "service-missing",
        "Somebody has removed a service's container",
        lambda host: host.break_missing(),
        "rebuild_container",
        runbook=SERVICE,
    ),
    Incident(
        "several-down", "Two services have ended, and one hangs", lambda host: host.break_several(), runbook=SERVICE
    ),
    Incident(
        "greedy-service",
        "A service leaks until the memory is used up",
        lambda host: host.break_memory(),
        "restart_container",
        runbook=MEMORY,
    ),
    Incident(
        "greedy-system",
        "The system itself uses the memory up",
        lambda host: host.break_system_memory(),
        "reboot_host",
        runbook=MEMORY,
    ),
    Incident(
        "build-cache",
        "What builds have kept fills the disk",
        lambda host: host.break_disk_by_cache(),
        "prune_build_cache",
        runbook=DISK,
    ),
    Incident(
        "old-images",
        "Images of earlier builds, without a name, fill the disk",
        lambda host: host.break_disk_by_builds(),
        "prune_images",
        runbook=DISK,
    ),
    Incident(
        "old-releases",
        "Images of earlier releases, which have their names, fill the disk",
        lambda host: host.break_disk_by_releases(),
        "prune_images",
        runbook=DISK,
    ),
    Incident(
        "large-logs",
        "The log of a container fills the disk",
        lambda host: host.break_disk_by_logs(),
        "truncate_logs",
        runbook=DISK,
    ),
    Incident("disk-of-data", "The database fills the disk", lambda host: host.break_disk_by_data(), runbook=DISK),
    Incident("agent-dead", "The host's agent picks up no command", lambda host: host.break_agent(), runbook=SERVICE),
    Incident("node-offline", "The host's agent is gone", lambda host: host.break_node(), runbook=SERVICE),
    Incident("docker-silent", "Docker never answers", lambda host: host.break_docker(), runbook=SERVICE),
)
