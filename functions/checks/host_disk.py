"""Has the host disk space left, and what takes it?"""

import re

from functions.core import hosts
from functions.core.aws import Session
from functions.core.fields import Folder, Percent
from functions.core.hosts import OnHost, host_check
from functions.core.language import marked, say
from functions.core.output import objects, percent, readable_size, size
from functions.core.results import Finding

FILESYSTEM = re.compile(r"^(/\S*) +(\d+) +(\d+)$", re.MULTILINE)
FOLDER = re.compile(r"^(\d+)\t(/.*)$", re.MULTILINE)
LOGS = "/var/lib/docker/containers"
SUMMARY = marked("{target}: {used} % of {total} in use; unused images {images}, build cache {cache}, logs {logs}")


class HostDisk(OnHost):
    """The project's folder; from how many percent on the disk is short or saturated, and a part of it is large."""

    directory: Folder
    warning: Percent
    alert: Percent
    large: Percent


@host_check(
    "look_disk",
    signals={
        "saturated": "Nearly all of the host's disk is in use",
        "short": "More of the host's disk is in use than is normal",
        "old-images": "Images that no container uses take a large part of the disk",
        "build-cache": "What builds have kept takes a large part of the disk",
        "large-logs": "The logs of containers take a large part of the disk",
    },
)
def handler(parameters: HostDisk, aws: Session) -> Finding:
    """How much disk is in use, and by what? Source: Harena, Métriques à surveiller; Disque saturé."""
    said = hosts.run(aws, parameters.instance, "look_disk", directory=parameters.directory).output
    disks = {target: (int(total), int(left)) for target, total, left in FILESYSTEM.findall(said)}
    target, (total, left) = min(disks.items(), key=lambda disk: disk[1][1] / disk[1][0])
    folders = {folder: int(taken) for taken, folder in FOLDER.findall(said)}
    docker = {one["Type"]: size(one["Reclaimable"]) for one in objects(said)}
    parts = {"images": docker["Images"], "cache": docker["Build Cache"], "logs": folders.get(LOGS)}
    in_use = percent(total - left, total)
    told = {"target": target, "used": in_use, "total": readable_size(total)}
    sizes = {name: say("unknown") if taken is None else readable_size(taken) for name, taken in parts.items()}
    large = {
        name: None if taken is None else percent(taken, total) >= parameters.large for name, taken in parts.items()
    }
    return Finding(
        summary=say(SUMMARY, **told, **sizes),
        signals={
            "saturated": in_use >= parameters.alert,
            "short": in_use >= parameters.warning,
            "old-images": large["images"],
            "build-cache": large["cache"],
            "large-logs": large["logs"],
        },
        facts={**told, **sizes, "left": readable_size(left), "unused_volumes": readable_size(docker["Local Volumes"])},
        evidence=[f"{folder}: {readable_size(taken)}" for folder, taken in folders.items()],
    )
