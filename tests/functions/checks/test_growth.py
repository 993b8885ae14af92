"""A service that has grown a thousandfold: each check stays within its bounds, and says what it did not read."""

import time
from typing import Any

import pytest

from bench.crowd import Crowd
from bench.crowd_images import REPOSITORY
from bench.crowd_logs import LOG_GROUP
from bench.crowd_terms import CLUSTER, SERVICE, TARGET_GROUP, Size
from functions.checks import (
    container_image,
    ecs_service,
    security_group_port,
    startup_errors,
    stopped_tasks,
    target_group_health_check,
    target_health,
)
from functions.core import container_logs, reading
from functions.core.results import Finding
from tests.functions.checks.conftest import LookAt

OF_SERVICE = {"cluster": CLUSTER, "service": SERVICE}
MOST_BYTES = 5_000
OTHERS = {"startedBy": "ecs-svc/0"}


def calls(crowd: Crowd, operation: str) -> list[dict[str, Any]]:
    return [asked for name, asked in crowd.calls if name == operation]


def tasks(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, stopped_tasks.handler, **OF_SERVICE)


def logs(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, startup_errors.handler, **OF_SERVICE, log_group=LOG_GROUP, minutes=60)


def service(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, ecs_service.handler, **OF_SERVICE, target_group=TARGET_GROUP)


def test_every_page_of_stopped_tasks_is_read(look_at: LookAt) -> None:
    crowd = Crowd(Size(tasks=250))
    finding = tasks(look_at, crowd)
    assert finding.facts["stopped"] == 250
    assert finding.summary == "250 tasks of the current deployment failed: Essential container in task exited"
    assert finding.signals["out-of-memory"] is False
    assert [len(asked["tasks"]) for asked in calls(crowd, "DescribeTasks")] == [100, 100, 50]


def test_five_thousand_stopped_tasks_are_counted_and_a_thousand_read(look_at: LookAt) -> None:
    crowd = Crowd(Size(tasks=5000))
    finding = tasks(look_at, crowd)
    assert finding.summary.startswith(
        "1000 tasks of the current deployment failed (1000 of 5000 stopped tasks read): Essential"
    )
    assert len(calls(crowd, "DescribeTasks")) == 10
    assert len(calls(crowd, "ListTasks")) == 50
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_more_stopped_tasks_than_are_counted(look_at: LookAt) -> None:
    crowd = Crowd(Size(tasks=6000))
    assert "(1000 of more than 5000 stopped tasks read)" in tasks(look_at, crowd).summary
    assert len(calls(crowd, "ListTasks")) == 50


def test_why_unread_tasks_stopped_is_unknown(look_at: LookAt) -> None:
    assert tasks(look_at, Crowd(Size(tasks=5000))).signals == {
        "image-missing": None,
        "container-exited": True,
        "failed-health-checks": None,
        "out-of-memory": None,
    }


def test_unread_tasks_are_not_forgotten_by_ecs(look_at: LookAt) -> None:
    finding = tasks(look_at, Crowd(Size(tasks=5000), task=lambda _: OTHERS))
    assert set(finding.signals.values()) == {None}
    assert finding.summary == "0 tasks of the current deployment failed (1000 of 5000 stopped tasks read)"


def test_stopped_tasks_are_read_until_the_time_is_over(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    crowd = Crowd(Size(tasks=250))
    finding = tasks(look_at, crowd)
    assert "(100 of more than 100 stopped tasks read)" in finding.summary
    assert finding.signals["out-of-memory"] is None
    assert len(calls(crowd, "ListTasks")) == 1


def test_every_page_of_the_log_is_read(look_at: LookAt) -> None:
    crowd = Crowd(Size(lines=9000), line=lambda n: "KeyError: 'TOKEN'" if n == 0 else "x" * 200)
    finding = logs(look_at, crowd)
    assert finding.signals == {"errors": True, "missing-variable": True}
    assert "lines" not in finding.summary
    assert len(calls(crowd, "FilterLogEvents")) == 2  # a page holds a megabyte


def test_of_a_hundred_thousand_log_lines_the_newest_are_read(look_at: LookAt) -> None:
    crowd = Crowd(Size(lines=100_000), line=lambda n: f"ERROR {n}" if n in (1000, 99_999) else "fine")
    finding = logs(look_at, crowd)
    read, since = crowd.lines[90_000]["timestamp"], crowd.deployed
    moments = [f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(at))}" for at in (read / 1000, since.timestamp())]
    assert finding.evidence == ["ERROR 99999"]
    assert finding.summary == (
        f"1 error logged since {moments[0]} "
        f"(the newest 10000 lines; older ones, back to {moments[1]}, were not read): ERROR 99999"
    )
    assert len(calls(crowd, "FilterLogEvents")) == 1


def test_what_unread_lines_say_is_unknown(look_at: LookAt) -> None:
    crowd = Crowd(Size(lines=100_000), line=lambda n: "KeyError: 'TOKEN'" if n == 0 else "fine")
    assert logs(look_at, crowd).signals == {"errors": None, "missing-variable": None}


def test_long_log_lines_are_read_up_to_a_size(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_logs, "MOST_CHARACTERS", 3_000_000)
    crowd = Crowd(Size(lines=20), line=lambda _: "x" * 900_000)
    assert logs(look_at, crowd).signals["errors"] is None
    assert len(calls(crowd, "FilterLogEvents")) == 4


def test_the_log_is_read_until_the_time_is_over(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    crowd = Crowd(Size(lines=9000), line=lambda _: "x" * 200)
    finding = logs(look_at, crowd)
    assert finding.signals["errors"] is None
    assert "(the newest 5000 lines; " in finding.summary


@pytest.mark.parametrize(
    "line", ["token" * 50_000, "validation error for " + "Settings" * 30_000, "eyJ" + "eyJaaaaaaaaaa-" * 20_000]
)
def test_a_log_line_made_to_be_slow_takes_no_time(look_at: LookAt, line: str) -> None:
    started = time.monotonic()
    logs(look_at, Crowd(Size(lines=2), line=lambda _: f"ERROR {line}"))
    assert time.monotonic() - started < 3


def test_ten_thousand_images_cost_what_one_does(look_at: LookAt) -> None:
    crowd = Crowd(Size(images=10_000))
    finding = look_at(crowd, container_image.handler, **OF_SERVICE, container="bot", repository=REPOSITORY)
    assert finding.signals == {"absent": False}
    assert [asked["imageIds"] for asked in calls(crowd, "DescribeImages")] == [[{"imageTag": "v1"}]]


def test_a_thousand_targets_are_all_counted(look_at: LookAt) -> None:
    finding = look_at(Crowd(Size(targets=1000)), target_health.handler, target_group=TARGET_GROUP)
    assert finding.summary == "1000 targets registered: 1000 unhealthy"
    assert None not in finding.signals.values()
    assert finding.evidence == ["1000 targets: Target.Timeout, as 10.0.3.250: Request timed out"]
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_a_thousand_rules_are_all_judged_and_some_told(look_at: LookAt) -> None:
    port = {"security_group": "sg-1", "port": 8000}
    finding = look_at(Crowd(Size(rules=1000)), security_group_port.handler, **port, source="192.0.3.249/32")
    assert finding.signals == {"port-closed": False}
    assert finding.summary.endswith("192.0.0.4/32, … 995 more)")
    assert finding.facts["rules"][-1] == "… 990 more"


def test_a_hundred_ports_hide_nothing_that_is_wrong(look_at: LookAt) -> None:
    asked = OF_SERVICE | {"target_group": TARGET_GROUP, "container": "bot", "port": 8099, "path": "/health"}
    finding = look_at(Crowd(Size(ports=100)), target_group_health_check.handler, **asked)
    assert finding.signals == {"mismatch": True}
    assert finding.summary.endswith("8004, … 95 more; wrong: path")


def test_events_that_are_not_shown_are_counted(look_at: LookAt) -> None:
    finding = service(look_at, Crowd(Size(events=80)))
    assert len(finding.evidence) == 6
    assert finding.evidence[-1] == "… 75 more"
    assert finding.signals["cannot-start-tasks"] is False


def test_what_ecs_pushed_out_of_its_events_is_unknown(look_at: LookAt) -> None:
    assert service(look_at, Crowd(Size(events=1000))).signals["cannot-start-tasks"] is None


def test_a_long_text_that_is_one_secret_is_cut_and_says_so() -> None:
    assert Finding(summary=f"token={'x' * 5000}").summary == "token=[redacted]…"
