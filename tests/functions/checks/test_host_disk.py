import json

import pytest

from functions.checks.host_disk import handler
from tests.functions.checks.host_troubles import own, tells_every_trouble
from tests.functions.conftest import RunCheck
from tests.functions.hosts import ON, Systems

FOLDER = "/home/ec2-user/harena"
GIVEN = {**ON, "directory": FOLDER, "warning": 85, "alert": 90, "large": 10}
FINE = dict.fromkeys(["saturated", "short", "old-images", "build-cache", "large-logs"], False)
GB = 10**9
LOGS = "/var/lib/docker/containers"


def disk(left: int = 40, images: str = "1.2GB (20%)", cache: str = "0B", logs: int | None = 1, more: str = "") -> str:
    """Write what look_disk says of a disk of 100 GB: gigabytes that are left, and what takes the rest."""
    kinds = {"Images": images, "Containers": "0B (0%)", "Local Volumes": "9GB (90%)", "Build Cache": cache}
    lines = ["Mounted on     1B-blocks       Avail", f"/           {100 * GB} {left * GB}", *more.splitlines()]
    for kind, free in kinds.items():
        lines.append(json.dumps({"Active": "7", "Reclaimable": free, "Size": "6.1GB", "TotalCount": "9", "Type": kind}))
    lines += [] if logs is None else [f"{logs * GB}\t{LOGS}"]
    return "\n".join([*lines, f"{2 * GB}\t{FOLDER}"]) + "\n"


def test_enough(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_disk": disk()}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE
    assert finding.summary == "/: 60 % of 100.0 GB in use; unused images 1.2 GB, build cache 0 B, logs 1.0 GB"
    assert finding.evidence == [f"{LOGS}: 1.0 GB", f"{FOLDER}: 2.0 GB"]
    assert finding.facts["unused_volumes"] == "9.0 GB"
    assert systems.called("SendCommand")[0]["Parameters"] == {"directory": [FOLDER]}


@pytest.mark.parametrize(
    ("left", "short", "saturated"), [(16, False, False), (15, True, False), (11, True, False), (10, True, True)]
)
def test_thresholds(run_check: RunCheck, systems: Systems, left: int, *, short: bool, saturated: bool) -> None:
    systems.said = {"look_disk": disk(left)}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {"short": short, "saturated": saturated}


@pytest.mark.parametrize(
    ("said", "signal"),
    [
        (disk(images="10GB (80%)"), "old-images"),
        (disk(cache="12.5GB"), "build-cache"),
        (disk(logs=11), "large-logs"),
    ],
)
def test_what_takes_it(run_check: RunCheck, systems: Systems, said: str, signal: str) -> None:
    systems.said = {"look_disk": said}
    assert own(run_check(handler, **GIVEN).signals) == FINE | {signal: True}


def test_logs_that_could_not_be_measured_are_unknown(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_disk": disk(logs=None)}
    finding = run_check(handler, **GIVEN)
    assert own(finding.signals) == FINE | {"large-logs": None}
    assert finding.summary.endswith("logs unknown")


def test_the_fullest_disk_counts(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_disk": disk(more=f"/home {20 * GB} {GB}")}
    finding = run_check(handler, **GIVEN)
    assert finding.signals["saturated"] is True
    assert finding.facts["target"] == "/home"


def test_every_trouble(run_check: RunCheck, systems: Systems) -> None:
    systems.said = {"look_disk": disk()}
    tells_every_trouble(run_check, systems, handler, **GIVEN)
