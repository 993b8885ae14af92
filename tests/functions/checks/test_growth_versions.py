"""Thousands of images, tasks, variables, events and log lines that tell which version runs, and whether it works."""

from typing import Any

import pytest

from bench.crowd import Crowd
from bench.crowd_images import REPOSITORY, digest
from bench.crowd_logs import LOG_GROUP
from bench.crowd_terms import CLUSTER, SERVICE, Json, Size
from functions.checks import deployments, log_events, registry_images, task_definition
from functions.core import reading
from functions.core.results import Finding
from tests.functions.checks.conftest import LookAt

OF_SERVICE = {"cluster": CLUSTER, "service": SERVICE}
OF_IMAGE = OF_SERVICE | {"container": "bot", "repository": REPOSITORY}
TERMS = {"called": "openai_called", "ok": "openai_ok", "error": "openai_error"}
CUT = "; older lines were not all read"
MOST_BYTES = 5_000


def calls(crowd: Crowd, operation: str) -> list[dict[str, Any]]:
    return [asked for name, asked in crowd.calls if name == operation]


def images(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, registry_images.handler, **OF_IMAGE)


def logs(look_at: LookAt, crowd: Crowd) -> Finding:
    return look_at(crowd, log_events.handler, log_group=LOG_GROUP, minutes=60, **TERMS)


def runs(number: int) -> Json:
    """The containers of a task that runs an image, by its number."""
    return {"containers": [{"name": "bot", "imageDigest": digest(number)}]}


def test_the_newest_of_ten_thousand_images_is_found(look_at: LookAt) -> None:
    crowd = Crowd(Size(images=10_000))
    finding = images(look_at, crowd)
    assert finding.signals == {"newer-image": False, "registered-later": True, "tag-moved": False}
    assert finding.summary.endswith(f"newest of 7501 tagged images: {1:040x}")
    assert [asked["maxResults"] for asked in calls(crowd, "DescribeImages")] == [1000] * 8
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_an_image_that_could_not_be_read_may_be_newer(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    crowd = Crowd(Size(images=10_000))
    finding = images(look_at, crowd)
    assert finding.signals == {"newer-image": None, "registered-later": None, "tag-moved": False}
    assert finding.summary.endswith("newest of 1000 tagged images: unknown, because there are more")
    assert len(calls(crowd, "DescribeImages")) == 1


@pytest.mark.parametrize(
    ("running", "other", "answer"), [(1000, None, False), (1001, None, None), (1001, 1000, None), (1001, 999, True)]
)
def test_of_running_tasks_a_thousand_are_read(
    look_at: LookAt, running: int, other: int | None, *, answer: bool | None
) -> None:
    crowd = Crowd(Size(running=running), task=lambda n: runs(2 if n == other else 1))
    finding = images(look_at, crowd)
    assert finding.signals["tag-moved"] is answer
    assert finding.summary.endswith("; more tasks run than the 1000 that were read") is (running > 1000)
    assert (len(calls(crowd, "ListTasks")), len(calls(crowd, "DescribeTasks"))) == (10, 10)


def test_images_and_tasks_share_the_time(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    over, shares = reading.over, []

    def seen(share: int) -> float:
        shares.append(share)
        return over(share)

    monkeypatch.setattr(reading, "over", seen)
    images(look_at, Crowd(Size()))
    assert shares == [2, 2]


def test_a_thousand_variables_are_all_looked_at(look_at: LookAt) -> None:
    names = [f"VARIABLE_{n}" for n in range(1020)]
    asked = OF_SERVICE | {"container": "bot", "required": names}
    finding = look_at(Crowd(Size(variables=1000)), task_definition.handler, **asked)
    assert finding.signals["variable-missing"]
    assert (finding.facts["missing"][0], finding.facts["missing"][-1]) == ("VARIABLE_1000", "… 10 more")
    assert len(finding.model_dump_json()) < MOST_BYTES


@pytest.mark.parametrize(("events", "answer"), [(99, False), (1000, None)])
def test_what_ecs_pushed_out_of_its_events_is_unknown(look_at: LookAt, events: int, *, answer: bool | None) -> None:
    finding = look_at(Crowd(Size(events=events)), deployments.handler, **OF_SERVICE)
    assert finding.signals["rolled-back"] is answer
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_no_line_of_a_hundred_thousand_has_the_words(look_at: LookAt) -> None:
    crowd = Crowd(Size(lines=100_000))
    finding = logs(look_at, crowd)
    assert finding.signals == {"never-called": True, "errors": False, "never-ok": True}
    assert finding.summary.endswith("0 openai_called, 0 openai_ok, 0 openai_error")
    assert len(calls(crowd, "FilterLogEvents")) > 3 * 10


@pytest.mark.parametrize("number", [0, 50_000, 99_999])
def test_one_line_of_a_hundred_thousand_has_the_words(look_at: LookAt, number: int) -> None:
    crowd = Crowd(Size(lines=100_000), line=lambda n: "openai_called" if n == number else "x" * 100)
    finding = logs(look_at, crowd)
    assert finding.signals == {"never-called": False, "errors": False, "never-ok": True}
    assert finding.evidence == ["openai_called"]
    assert CUT not in finding.summary


def test_every_line_of_a_hundred_thousand_has_the_words(look_at: LookAt) -> None:
    crowd = Crowd(Size(lines=100_000), line=lambda n: f"openai_called openai_error openai_ok {n}")
    finding = logs(look_at, crowd)
    assert finding.facts["called"] == 10_000
    assert finding.summary.endswith(f"10000+ openai_called, 10000+ openai_ok, 10000+ openai_error{CUT}")
    assert len(calls(crowd, "FilterLogEvents")) == 3
    assert len(finding.model_dump_json()) < MOST_BYTES


def test_lines_that_could_not_be_read_may_have_the_words(look_at: LookAt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0)
    crowd = Crowd(Size(lines=100_000), line=lambda n: "openai_called" if n == 0 else "fine")
    finding = logs(look_at, crowd)
    assert set(finding.signals.values()) == {None}
    assert finding.summary.endswith(f"0+ openai_called, 0+ openai_ok, 0+ openai_error{CUT}")
    assert len(calls(crowd, "FilterLogEvents")) == 3
