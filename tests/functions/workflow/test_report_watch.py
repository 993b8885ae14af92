import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from functions.core.diagnosis import healthy
from functions.core.drilled import findings, looks
from functions.workflow import close_incident, conclude, open_incident, report_watch, target_lock
from statemachines import compiled, load
from tests.functions.workflow.world import TOPIC, World

SERVICE = load.services()["harena"]
RUNBOOKS = load.runbooks()
HEALTH = RUNBOOKS["host_health"]
Facts = dict[str, dict[str, Any]]
FACTS: Facts = {
    "containers": {"well": SERVICE.resources["services"], "up": 100},
    "ports": {"local": []},
    "endpoints": {"fine": 5, "asked": 5, "slowest": 0.12},
    "login": {"status": 200, "seconds": 0.3},
    "errors": {"hourly": 12},
    "memory": {"used": 61},
    "disk": {"used": 47},
}
# The document's table and its levels: what is true, and what that comes to
ROWS: dict[str, tuple[list[str], str]] = {
    "all well": ([], "normal"),
    "memory above 85": (["memory.short"], "warning"),
    "memory above 90": (["memory.short", "memory.saturated"], "degraded"),
    "disk above 85": (["disk.short"], "warning"),
    "disk above 90": (["disk.short", "disk.saturated"], "degraded"),
    "errors from 50 on": (["errors.more-than-normal"], "warning"),
    "errors above 100": (["errors.more-than-normal", "errors.too-many"], "degraded"),
    "answers from 2 s on": (["endpoints.slower-than-normal"], "warning"),
    "answers above 5 s": (["endpoints.slower-than-normal", "endpoints.slow"], "degraded"),
    "a container is starting": (["containers.starting"], "warning"),
    "one is unhealthy": (["containers.unhealthy"], "degraded"),
    "one is down": (["containers.down", "endpoints.failing", "endpoints.unreachable"], "degraded"),
    "one is missing": (["containers.missing"], "degraded"),
    "several are": (["containers.down", "containers.unhealthy", "containers.several"], "critical"),
    "one endpoint fails": (["endpoints.failing"], "degraded"),
    "several endpoints fail": (["endpoints.failing", "endpoints.several"], "critical"),
    "nobody can log in": (["login.login-fails"], "degraded"),
    "the log-in is slow": (["login.login-slow"], "degraded"),
    "a port is on localhost": (["ports.bound-to-localhost"], "degraded"),
    "a port is not published": (["ports.not-published"], "degraded"),
    "short and unhealthy": (["memory.short", "containers.unhealthy"], "degraded"),
}
DAY = 288  # watches, every five minutes
UNKNOWN = {"summary": "offline", "signals": {"offline": True}}
Read = Callable[[], dict[str, dict[str, Any]]]


@pytest.fixture
def package(packages: dict[str, Path]) -> Path:
    """The package of the service that is watched."""
    return packages["harena"]


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str]) -> Read:
    """Read what was emitted since, by the runbook; "" where it is about the service."""

    def read() -> dict[str, dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        for line in lines:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == "Runbooks"
            (dimensions,) = directive["Dimensions"]
            assert sorted(dimensions) == (["runbook", "service"] if "runbook" in line else ["service"])
            assert line["service"] == "harena"
        return {
            line.get("runbook", ""): {
                one["Name"]: line[one["Name"]][0] for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            }
            for line in lines
        }

    return read


def answers(
    *true: str, unknown: tuple[str, ...] = (), facts: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Write what the checks of a watch found: these signals are true, and these checks have met a dead host."""
    mine = [RUNBOOKS[name] for name in SERVICE.looked_at]
    asked = {name: compiled.read(name).questions for name in SERVICE.looked_at}
    found: dict[str, Any] = {}
    for name, look in looks(SERVICE, mine).items():
        runbook, check = look.uses[0]
        signals = {one: f"{check}.{one}" in true for one in asked[runbook][check]}
        seen = {"summary": f"{check} seen", "signals": signals, "facts": (FACTS | (facts or {})).get(check, {})}
        found[name] = UNKNOWN if check in unknown else seen
    assert {*true} <= {f"{check}.{one}" for runbook in asked.values() for check in runbook for one in runbook[check]}
    return found


def watch(found: dict[str, Any], *, daily: bool = False) -> dict[str, Any]:
    """Report a watch."""
    return report_watch.handler({"watch": "w-1", "daily": daily, "findings": found})


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.usefixtures("world")
def test_every_row_of_the_documents_table(name: str, emitted: Read) -> None:
    true, level = ROWS[name]
    report = watch(answers(*true))
    assert (report["level"], report["may_be_worse"]) == (level, False)
    assert emitted()[""]["Level"] == ["normal", "warning", "degraded", "critical"].index(level)
    runbook = compiled.read("host_health")
    seen = findings(runbook, looks(SERVICE, [RUNBOOKS[name] for name in SERVICE.looked_at]), answers(*true))
    assert healthy(HEALTH, seen) is (level == "normal")


def test_every_signal_of_the_validation_stands_in_a_row() -> None:
    """So none of them can be true, and the level be anything but known."""
    assert set(HEALTH.validation.signals) <= {signal for true, _ in ROWS.values() for signal in true}
    confirming = {signal for cause in HEALTH.causes for signal in cause.confirmed_by}
    assert confirming <= {signal for true, _ in ROWS.values() for signal in true}


@pytest.mark.parametrize("check", HEALTH.checks)
@pytest.mark.usefixtures("world")
def test_what_one_check_cannot_see_is_never_normal(check: str, emitted: Read) -> None:
    report = watch(answers(unknown=(check,)))
    assert (report["level"], report["may_be_worse"]) == ("unknown", True)
    told = emitted()[""]
    assert "Level" not in told
    assert (told["LevelUnknown"], told["Watch"]) == (1, 1)


@pytest.mark.usefixtures("world")
def test_a_check_that_gave_no_answer_is_unknown(emitted: Read) -> None:
    assert watch({})["level"] == "unknown"
    assert emitted().keys() == {""}


def test_a_level_that_may_be_worse_says_so(world: World, emitted: Read) -> None:
    report = watch(answers("memory.short", unknown=("containers",)), daily=True)
    assert (report["level"], report["may_be_worse"]) == ("warning", True)
    told = emitted()[""]
    assert (told["Level"], told["LevelUnknown"]) == (1, 1)
    assert world.mails[0].subject == "[harena] Today: at least warning"


@pytest.mark.parametrize(
    ("true", "unknown", "unwell"),
    [
        ([], (), 0),
        (["containers.unhealthy"], (), 1),
        (["containers.down"], (), 1),
        (["containers.several", "containers.down"], (), 1),
        (["containers.starting"], (), None),  # something is wrong, and no cause proven
        (["containers.unhealthy"], ("memory",), None),  # the cause may be ruled out
        ([], ("containers",), 1),  # a dead host is a cause too
    ],
)
@pytest.mark.usefixtures("world")
def test_a_runbook_is_called_for_where_it_is_broken_and_a_cause_is_proven(
    true: list[str], unknown: tuple[str, ...], unwell: int | None, emitted: Read
) -> None:
    report = watch(answers(*true, unknown=unknown))
    assert emitted().get("service_unhealthy", {}).get("Unwell") == unwell
    assert report["called_for"]["service_unhealthy"] is (None if unwell is None else bool(unwell))


@pytest.mark.parametrize(
    ("true", "unknown", "unwell"),
    [
        ([], (), 0),
        (["memory.short"], (), 0),
        (["memory.short"], ("containers",), None),
        (["login.login-fails"], (), 1),
        (["login.login-fails"], ("containers",), 0),
        (["login.login-fails", "containers.down"], (), 0),  # which a runbook of its own sees to
        (["login.login-fails", "containers.starting"], (), 1),
        (["containers.down", "containers.several", "endpoints.several", "endpoints.failing"], (), 0),
        (["containers.down", "endpoints.several", "endpoints.failing"], (), 1),  # not all of it shows in one container
        (["containers.down", "containers.several"], (), 0),
        (["endpoints.several", "endpoints.failing", "disk.saturated"], (), 1),
        ([], ("login",), None),
    ],
)
@pytest.mark.usefixtures("world")
def test_people_are_told_what_no_other_runbook_sees_to(
    true: list[str], unknown: tuple[str, ...], unwell: int | None, emitted: Read
) -> None:
    watch(answers(*true, unknown=unknown))
    assert emitted().get("host_health", {}).get("Unwell") == unwell


def test_what_the_watch_starts_asks_for_people(world: World) -> None:
    trigger = {"kind": "alarm", "name": "harena-host-health", "reason": "x", "at": "now", "event": "1"}
    of = {"incident": "by-alarm", "runbook": "host_health"}
    world.incidents.create(of["incident"], "trigger", trigger)
    assert open_incident.handler({**of, "input": {}})["mode"] == "fix"


@pytest.mark.usefixtures("world")
def test_only_the_runbooks_that_the_service_names_are_called_for(emitted: Read) -> None:
    assert watch(answers())["called_for"].keys() == set(SERVICE.watched)
    assert emitted().keys() == {"", *SERVICE.watched}


@pytest.mark.usefixtures("world")
def test_what_is_measured_is_a_metric_where_it_is_known(emitted: Read) -> None:
    watch(answers(unknown=("disk",)))
    told = emitted()[""]
    numbers = {"Uptime": 100, "Memory": 61, "Errors": 12, "SlowestAnswer": 0.12, "LogIn": 0.3}
    assert told == numbers | {"Watch": 1, "LevelUnknown": 1}


def test_nobody_is_mailed_but_once_a_day(world: World) -> None:
    assert watch(answers("containers.down"))["told"] == []
    assert world.mails == []
    assert watch(answers("containers.down"), daily=True)["told"] == list(SERVICE.approvers)
    assert [mail.to for mail in world.mails] == list(SERVICE.approvers)


def test_the_mail_is_the_checklist_with_its_values(world: World) -> None:
    _uptime(world, 100, 100, 96)
    found = answers(
        "memory.short",
        "endpoints.failing",
        unknown=("login",),
        facts={"endpoints": {"fine": 4, "asked": 5, "slowest": 1.9}},
    )
    watch(found, daily=True)
    text = world.mails[0].text
    asked = ", ".join(SERVICE.resources["endpoints"])
    services = ", ".join(SERVICE.resources["services"])
    assert text.partition("CHECKLIST\n")[2].partition("\nOPEN")[0].strip().splitlines() == [
        f"[ok] Healthy containers: {services} (normal: all of {services})",
        "[warning] Containers that ran, of the last 24 hours: 98.7 % (normal: 100 %, alarm under 95 %)",
        "[ok] Ports on the host itself only: none (normal: none)",
        f"[not ok] Endpoints that answer as they should: 4 of 5 (normal: all of {asked})",
        "[ok] Slowest answer: 1.9 s (normal: under 2 s, alarm above 5 s)",
        "[unknown] Log-in: unknown (normal: 200, alarm above 5 s)",
        "[ok] Errors in an hour: 12 (normal: under 50, alarm above 100)",
        "[warning] Memory in use: 61 % (normal: under 85 %, alarm from 90 % on)",
        "[ok] Disk in use: 47 % (normal: under 85 %, alarm from 90 % on)",
    ]
    todo = text.partition("WHAT TO DO\n")[2].partition("\nCHECKLIST")[0].split("\n")
    assert [line for line in todo if line] == [
        "degraded: A service does not answer as it should",
        "    Look into it within 30 minutes.",
        "warning: More of the memory is in use than is normal",
        "    Watch it closely.",
    ]
    assert world.mails[0].subject == "[harena] Today: degraded"
    assert "OPEN INCIDENTS\nNone." in text


@pytest.mark.parametrize(
    ("running", "mark"),
    [([100, 100], "ok"), ([100, 99], "warning"), ([95], "warning"), ([94], "wrong"), ([], "unknown")],
)
def test_uptime_is_of_the_day(world: World, running: list[float], mark: str) -> None:
    _uptime(world, *running)
    lines = {line["title"]: line for line in watch(answers(), daily=True)["checklist"]}
    assert lines["Containers that ran, of the last 24 hours"]["mark"] == mark


@pytest.mark.parametrize(("watches", "mark"), [(DAY - 14, "ok"), (DAY - 15, "unknown"), (1, "unknown")])
def test_of_a_day_that_was_hardly_watched_nothing_is_known(world: World, watches: int, mark: str) -> None:
    _uptime(world, 100, watches=watches)
    lines = {line["title"]: line for line in watch(answers(), daily=True)["checklist"]}
    assert lines["Containers that ran, of the last 24 hours"]["mark"] == mark


def test_while_the_service_is_changed_no_runbook_is_called_for(world: World, emitted: Read) -> None:
    of = {"incident": "deploying", "runbook": "verified_deploy"}
    target_lock.handler({**of, "action": "acquire"})
    assert set(watch(answers("containers.down"))["called_for"].values()) == {None}
    told = emitted()
    assert (set(told), told[""]["Level"]) == ({""}, 2)
    target_lock.handler({**of, "action": "release"})
    assert watch(answers("containers.down"))["called_for"]["service_unhealthy"]
    world.incidents.update("target#harena", "lock", {"holder": "crashed", "until": int(time.time()) - 1})
    assert watch(answers("containers.down"))["called_for"]["service_unhealthy"]


def test_the_mail_names_the_incidents_at_work(world: World) -> None:
    incident = "2026-11-22-by-hand"
    for runbook in ("memory_saturated", "host_health"):
        open_incident.handler({"incident": f"{incident}-{runbook}", "runbook": runbook, "input": {}})
    (one,) = watch(answers(), daily=True)["incidents"]
    assert one["incident"] == f"{incident}-memory_saturated"
    assert f"The host's memory is saturated ({one['incident']})" in world.mails[0].text
    close_incident.handler(
        {"incident": one["incident"], "runbook": "memory_saturated", "outcome": "healthy", "error": {}}
    )
    assert watch(answers(), daily=True)["incidents"] == []


def test_an_incident_that_has_ended_is_not_named_though_its_claim_is_left(world: World) -> None:
    of = {"incident": "by-hand", "runbook": "memory_saturated"}
    open_incident.handler({**of, "input": {}})
    world.incidents.update("by-hand", "record", {"state": "closed"})
    assert watch(answers(), daily=True)["incidents"] == []


def test_where_the_mail_cannot_be_sent_nothing_counts_as_watched(world: World, emitted: Read) -> None:
    world.aws.client("sns").delete_topic(TopicArn=TOPIC)
    with pytest.raises(Exception, match="NotFound"):
        watch(answers(), daily=True)
    assert emitted() == {}


@pytest.mark.parametrize(("true", "level"), [([], "normal"), (["memory.short"], "warning")])
def test_who_looks_by_hand_finds_the_level_in_the_report(world: World, true: list[str], level: str) -> None:
    of = {"incident": "by-hand", "runbook": "host_health"}
    assert open_incident.handler({**of, "input": {}})["mode"] == "diagnose"
    found = {name: answers(*true)[_called(name)] for name in HEALTH.checks}
    conclude.handler({**of, "findings": found, "round": 0})
    report = close_incident.handler({**of, "outcome": "diagnosed", "error": {}})
    assert (report["level"], report["may_be_worse"]) == (level, False)
    assert report["todo"] == (["More of the memory is in use than is normal: Watch it closely."] if true else [])
    assert report["seen"]["login"] == "login seen"
    assert any(line.endswith(f"Level: {level}") for line in report["timeline"])
    assert world.mails == []


def _called(check: str) -> str:
    found = looks(SERVICE, [RUNBOOKS[name] for name in SERVICE.looked_at])
    return next(name for name, look in found.items() if ("host_health", check) in look.uses)


def _uptime(world: World, *values: float, watches: int = DAY) -> None:
    """Let a day's watches have emitted so much."""
    dimensions, each = [{"Name": "service", "Value": "harena"}], watches // max(1, len(values))
    for value in values:
        told: Any = {"Values": [value], "Counts": [each], "Unit": "Percent"}
        data: Any = [{"MetricName": "Uptime", "Dimensions": dimensions} | told]
        world.aws.client("cloudwatch").put_metric_data(Namespace="Runbooks", MetricData=data)
