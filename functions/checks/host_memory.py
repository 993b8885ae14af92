"""Has the host memory left, and who takes it?"""

import re

from functions.core import compose, hosts
from functions.core.aws import Session
from functions.core.fields import Percent
from functions.core.hosts import OfCompose, host_check
from functions.core.language import marked, say
from functions.core.output import objects, percent, readable_size, size
from functions.core.results import Finding

MEMORY = re.compile(r"^(MemTotal|MemAvailable):\s+(\d+) kB$", re.MULTILINE)
SUMMARY = marked("{used} % of {total} in use, {containers} of it by containers; the largest: {largest}")


class HostMemory(OfCompose):
    """From how many percent in use on memory is short, and from how many it is saturated."""

    warning: Percent
    alert: Percent


@host_check(
    "look_memory",
    "look_containers",
    signals={
        "saturated": "Nearly all of the host's memory is in use",
        "short": "More of the host's memory is in use than is normal",
        "greedy-container": "One container takes most of the memory that is in use",
        "greedy-system": "Containers take less than half of the memory that is in use",
    },
)
def handler(parameters: HostMemory, aws: Session) -> Finding:
    """How much memory is in use, and by whom? Source: Harena, Métriques à surveiller; Mémoire saturée."""
    said = hosts.run(aws, parameters.instance, "look_memory", hosts.SECONDS / 2).output
    kilobytes = {name: int(value) for name, value in MEMORY.findall(said)}
    total, free = kilobytes["MemTotal"] * 1024, kilobytes["MemAvailable"] * 1024
    used, taken = total - free, {one["Name"]: size(one["MemUsage"]) for one in objects(said)}
    by_size = sorted(taken, key=lambda name: taken[name], reverse=True)
    largest, in_use = next(iter(by_size), ""), percent(used, total)
    short = in_use >= parameters.warning
    services = {one.name: one.service for one in compose.containers(aws, parameters, share=2)} if short else {}
    told = {"used": in_use, "total": readable_size(total)}
    return Finding(
        summary=say(SUMMARY, **told, containers=readable_size(sum(taken.values())), largest=largest or say("none")),
        signals={
            "saturated": in_use >= parameters.alert,
            "short": short,
            "greedy-container": bool(taken) and 2 * taken[largest] > used,
            "greedy-system": 2 * sum(taken.values()) < used,
        },
        facts={**told, "free": readable_size(free), "container": largest or None, "service": services.get(largest)},
        evidence=[f"{name}: {readable_size(taken[name])}" for name in by_size],
    )
