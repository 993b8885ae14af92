"""Whether a check of a service that has grown a thousandfold stays within its time, its memory and its payload."""

import json
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from bench import usage
from bench.crowd import Crowd
from bench.crowd_certificates import HOST
from bench.crowd_images import REPOSITORY
from bench.crowd_logs import LOG_GROUP
from bench.crowd_server import serving
from bench.crowd_site import site
from bench.crowd_terms import CLUSTER, LOAD_BALANCER, SERVICE, TARGET_GROUP, Size
from bench.crowd_zone import ZONE
from bench.report import Report, Row, megabytes, milliseconds, seconds, show, size
from bench.rounds import LATENCY
from bench.usage import ROOT, Program
from functions.core import catalogue
from functions.core.reading import SECONDS
from functions.core.template import fill

OF_SERVICE = {"cluster": CLUSTER, "service": SERVICE}
OF_IMAGE = OF_SERVICE | {"container": "bot", "repository": REPOSITORY}
OF_LISTENER = {"load_balancer": LOAD_BALANCER, "port": 443, "host": HOST}
OF_TARGETS = {"target_group": TARGET_GROUP}
VERSION = {"url": "{site}/_meta", "expected": ""}
LINES = {"log_group": LOG_GROUP, "minutes": 60, "called": "POST", "ok": "openai_ok", "error": "ERROR"}  # all, none, few
VALIDATION = {"host": HOST, "hosted_zone": ZONE}
PROGRAM = """
import json, time
from {module} import handler
started = time.monotonic()
finding = json.dumps(handler({event!r}), ensure_ascii=False)
with open({result!r}, "w") as file:
    json.dump([time.monotonic() - started, len(finding.encode())], file)
"""
HEADINGS = ("", "seconds", "CPU", "memory", "API calls", "finding")


class Look(NamedTuple):
    """One check, its parameters, and what of the service it looks at: its name in Size, and how much of it is large.

    `{site}` in a parameter is the service's address.
    """

    check: str
    parameters: Mapping[str, Any]
    what: str
    large: int


LOOKS = [
    Look("target_health", OF_TARGETS, "targets", 1_000),
    Look("stopped_tasks", OF_SERVICE, "tasks", 5_000),
    Look("startup_errors", OF_SERVICE | {"log_group": LOG_GROUP, "minutes": 60}, "lines", 100_000),
    Look("container_image", OF_IMAGE, "images", 10_000),
    Look("security_group_port", {"security_group": "sg-1", "port": 8000, "source": "10.0.0.0/8"}, "rules", 1_000),
    Look("ecs_service", OF_SERVICE | OF_TARGETS, "events", 1_000),
    Look(
        "target_group_health_check",
        OF_SERVICE | OF_TARGETS | {"container": "bot", "port": 8000, "path": "/health"},
        "ports",
        100,
    ),
    Look(
        "listener_rules",
        OF_TARGETS | OF_LISTENER | {"path": "/1"},
        "routes",
        1_000,
    ),
    Look("deployments", OF_SERVICE, "events", 1_000),
    Look("task_definition", OF_SERVICE | {"container": "bot", "required": ["TOKEN"]}, "variables", 1_000),
    Look("registry_images", OF_IMAGE, "images", 10_000),
    Look("registry_images", OF_IMAGE, "running", 5_000),
    Look("deployed_version", OF_IMAGE | VERSION, "images", 10_000),
    Look("deployed_version", OF_IMAGE | VERSION, "fields", 1_000),
    Look("log_events", LINES, "lines", 100_000),
    Look("certificate_validation", VALIDATION, "certificates", 5_000),
    Look("certificate_validation", VALIDATION, "records", 10_000),
    Look("listener_certificate", OF_LISTENER, "certificates", 5_000),
    Look("listener_certificate", OF_LISTENER, "attached", 2_000),
]


def measure() -> Report:
    """Call every check that reads from AWS about a small service and about a large one, each in a fresh process."""
    rows = [measured(look, count) for look in LOOKS for count in (getattr(Size(), look.what), look.large)]
    notes = [
        f"One first call each, {milliseconds(LATENCY)} more for every API call, in AWS's pages and bounds.",
        "CPU is that of the whole process, imports included; a check's 256 MB have a seventh of a core on AWS.",
        f"A check has 20 s and 256 MB, and asks for no page after {SECONDS:g} s; a state holds 262,144 B.",
    ]
    return Report("7. Growth", HEADINGS, rows, notes)


def measured(look: Look, count: int) -> Row:
    """Call one check in a fresh process, where there is so much of what it looks at."""
    crowd = Crowd(Size(**{look.what: count}))
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        serving(crowd, LATENCY) as aws,
        site(crowd.size) as (address, trusting),
    ):
        result = Path(folder) / "result.json"
        event = {"parameters": fill(dict(look.parameters), {"site": address}.__getitem__)}
        code = PROGRAM.format(module=catalogue.checks()[look.check].body.__module__, event=event, result=str(result))
        imports = {"PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"}
        used = usage.run(Program(code, aws | trusting | imports, ROOT))
        took, length = json.loads(result.read_text())
    name = f"{look.check}, {count:,} {look.what}"
    return (name, seconds(took), milliseconds(used.cpu), megabytes(used.memory), f"{len(crowd.calls)}", size(length))


def main() -> int:
    """Print this table alone."""
    show(Console(width=140, highlight=False), measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
